// Brings the ranks of one stage together and chooses how their tensors travel.

import os from 'node:os';
import type { Json } from '../../core/hash.ts';
import type { Engine } from '../engine.ts';
import type { Collectives, Transport } from './collectives.ts';
import { connectMesh, openDoorway } from './mesh/connect-mesh.ts';
import { Mesh } from './mesh/mesh.ts';
import { connectNatively } from './native-collectives.ts';
import { attend } from './rendezvous/attend.ts';
import { type Hello, RANK_PROTOCOL_VERSION } from './rendezvous/hello.ts';
import { nameMachine } from './rendezvous/name-machine.ts';
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
  /** Nothing else than this, or than TCP where it is not there; for tests and benchmarks. */
  readonly only?: Transport;
  /** Hears of a way for tensors that should have worked and did not. */
  readonly warn?: (message: string) => void;
}

/** Meets the other ranks and connects with them. Throws a RENDEZVOUS_... problem where they don't fit or come. */
export async function createCollectives(options: CollectivesOptions): Promise<Collectives> {
  const { rendezvous, timeoutMs } = options;
  if (!rendezvous || rendezvous.ranks === 1) return createSingleRank();
  const doorway = await openDoorway(rendezvous);
  try {
    const met = await attend(rendezvous, introduceSelf(options, rendezvous, doorway.port), timeoutMs);
    const links = await connectMesh({ rendezvous, doorway, met, timeoutMs });
    const mesh = new Mesh({ rank: rendezvous.rank, peers: met.peers, links, timeoutMs });
    return await chooseTransport(mesh, options);
  } finally {
    doorway.server.close();
  }
}

async function chooseTransport(mesh: Mesh, options: CollectivesOptions): Promise<Collectives> {
  const { engine, timeoutMs, warn = () => {} } = options;
  try {
    const natively = await connectNatively(mesh, engine.ranks, { timeoutMs, warn });
    return natively ?? createTcpCollectives(mesh);
  } catch (error) {
    await mesh.close();
    throw error;
  }
}

function introduceSelf(
  { engine, version, config, only }: CollectivesOptions,
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
    machine: nameMachine(),
    pid: process.pid,
    port,
    transports: (engine.ranks?.transports ?? []).filter((transport) => !only || transport === only),
  };
}
