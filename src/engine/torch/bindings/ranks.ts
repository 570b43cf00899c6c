// The addon's functions for the ranks of one stage: how they come together, and what they do with tensors.

import type { Handle } from './handle.ts';

export interface RankOps {
  /** Makes memory that ranks of this machine share; where the others find it. Of rank 0. */
  shareMemory(rank: number, ranks: number, timeoutMs: number): string;
  openMemory(rank: number, ranks: number, timeoutMs: number, place: string): void;
  /** All ranks have it: it can't be opened any more. */
  sealMemory(): void;
  /** Loads the module on Gloo and listens at an address of this machine; the ticket that the others need. */
  prepareGloo(rank: number, ranks: number, timeoutMs: number, module: string, address: string): string;
  /** With all ranks' tickets. Returns when all ranks have called it. */
  connectGloo(tickets: readonly string[]): void;
  /** Loads NCCL from the first of these that there is. Rank 0 makes the ticket that all need. */
  prepareNccl(libraries: readonly string[], makesTicket: boolean): string;
  /** Returns when all ranks have called it. */
  connectNccl(rank: number, ranks: number, timeoutMs: number, ticket: string): void;
  /** On a GPU: what is computed from now on waits for the results that were promised before. */
  awaitRanks(): void;
  /** Sums over ranks, times a factor, in the inputs' layouts. */
  sumOverRanks(tensors: readonly Handle[], factor: number): Promise<Handle[]>;
  gatherOverRanks(tensor: Handle, ranks: number): Promise<Handle[]>;
  broadcastOverRanks(tensors: readonly Handle[]): Promise<Handle[]>;
  /** What waits for other ranks rejects, and whatever comes later. */
  abortRanks(): void;
  closeRanks(): void;
}
