// What a native engine may bring for ranks: ways to exchange tensors without a copy through JavaScript.

import type * as tf from '../tf.ts';

/** Shared memory is for one machine's ranks on CPUs, Gloo for those of several, NCCL for ranks on NVIDIA's GPUs. */
export type NativeTransport = 'shared memory' | 'gloo' | 'nccl';

/** Who a rank is among how many, and how long it waits for another. */
export interface World {
  readonly rank: number;
  readonly ranks: number;
  readonly timeoutMs: number;
  /** Of this rank's machine, as the other ranks reach it. */
  readonly address: string;
}

/**
 * One transport at a time. To begin, each rank prepares and gets a ticket, hears all tickets and connects; when
 * all have, each seals. What the operations mean stands at Collectives.
 */
export interface NativeRanks {
  /** Best first. */
  readonly transports: readonly NativeTransport[];
  prepare(transport: NativeTransport, world: World): string;
  connect(transport: NativeTransport, world: World, tickets: readonly string[]): void;
  seal(): void;
  sum(tensors: readonly tf.Tensor[], factor: number): Promise<tf.Tensor[]>;
  gather(tensor: tf.Tensor, ranks: number): Promise<tf.Tensor>;
  broadcast(tensors: readonly tf.Tensor[]): Promise<tf.Tensor[]>;
  /** Whatever is under way rejects, and whatever comes later. */
  abort(): void;
  close(): void;
}

/** Why an operation rejects. */
export interface NativeFailure extends Error {
  /**
   * The rank that let the others wait (message `stalled`), has closed (`left`) or can't be reached (`disconnected`);
   * -1 for any other reason.
   */
  readonly culprit?: number;
}
