// Brings the ranks of one stage together and chooses how their tensors travel.

import os from 'node:os';
import type { Json } from '../../core/hash.ts';
import type { Engine } from '../engine.ts';
import type { Collectives } from './collectives.ts';
import { connectMesh, openDoorway } from './mesh/connect-mesh.ts';
import { Mesh } from './mesh/mesh.ts';
import { attend } from './rendezvous/attend.ts';
import { type Hello, RANK_PROTOCOL_VERSION } from './rendezvous/hello.ts';
import type { Rendezvous } from './rendezvous/rendezvous.ts';
import { createSingleRank } from './single-rank.ts';
import { createTcpCollectives } from './tcp-collectives.ts';

export interface CollectivesOptions {
  readonly engine: Engine;
  /** Absent: there is one rank. */
  readonly rendezvous?: Rendezvous;
  /** Of mocolab; the same on all ranks. */
  readonly version: string;
  /** All that the result depends on; the same on all ranks. */
  readonly config: { readonly [key: string]: Json };
  /** How long to wait for a rank to come, and later for one that sends nothing (launch.stallTimeout). */
  readonly timeoutMs: number;
}

/** Meets the other ranks and connects with them. Throws a RENDEZVOUS_... problem where they don't fit or come. */
export async function createCollectives(options: CollectivesOptions): Promise<Collectives> {
  const { rendezvous, timeoutMs } = options;
  if (!rendezvous || rendezvous.ranks === 1) return createSingleRank();
  const doorway = await openDoorway(rendezvous);
  try {
    const met = await attend(rendezvous, introduceSelf(options, rendezvous, doorway.port), timeoutMs);
    const links = await connectMesh({ rendezvous, doorway, met, timeoutMs });
    return createTcpCollectives(new Mesh({ rank: rendezvous.rank, peers: met.peers, links, timeoutMs }));
  } finally {
    doorway.server.close();
  }
}

function introduceSelf(
  { engine, version, config }: CollectivesOptions,
  { rank, ranks, token }: Rendezvous,
  port: number,
): Hello {
  return {
    protocolVersion: RANK_PROTOCOL_VERSION,
    version,
    token,
    rank,
    ranks,
    engine: engine.name,
    config,
    host: os.hostname(),
    pid: process.pid,
    port,
    transports: [],
  };
}
