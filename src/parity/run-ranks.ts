// A reference case on several ranks: this process is rank 0, and starts the others, which compute what it says.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TrainingCase } from '../config/schema/parity.generated.ts';
import { locateScript } from '../core/own-script.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import { createCollectives } from '../engine/collectives/create-collectives.ts';
import { openMeetingPlace } from '../engine/collectives/rendezvous/meeting-place.ts';
import type { Rendezvous } from '../engine/collectives/rendezvous/rendezvous.ts';
import type { Engine } from '../engine/engine.ts';

/** How long a rank waits for the others: a step of a large network on a busy machine takes minutes. */
const TIMEOUT_MS = 600_000;

/** One run of a case, or of its first steps. */
export interface RunOrder {
  readonly steps: number;
  /** Which disturbance by one rounding; null: none. */
  readonly disturbance: number | null;
  /** Whether decisions are written down. */
  readonly watches: boolean;
}

/** Rank 0: computes with the others, who follow every order that `lead` gives, and ends them. */
export async function withRanks<Result>(
  engine: Engine,
  { file, ranks }: { readonly file: string; readonly ranks: number },
  work: (collectives: Collectives) => Promise<Result>,
): Promise<Result> {
  const place = await openMeetingPlace({ ranks, timeoutMs: TIMEOUT_MS });
  const { host, port, token } = place;
  const rendezvousOf = (rank: number) => ({ host, port, token, rank, ranks, heldByRank0: false });
  const others = Array.from({ length: ranks - 1 }, (_, i) =>
    startRank([engine.name, file, JSON.stringify(rendezvousOf(i + 1))]),
  );
  try {
    const collectives = await meet(engine, rendezvousOf(0));
    const result = await work(collectives);
    await collectives.gatherValues<RunOrder | null>(null);
    await collectives.close();
    return result;
  } catch (error) {
    for (const child of others) child.kill('SIGKILL');
    throw error;
  } finally {
    place.close();
    await Promise.all(others.map(waitForEnd));
  }
}

/** Rank 0 says what is computed next. */
export async function lead(collectives: Collectives, order: RunOrder): Promise<void> {
  if (collectives.ranks > 1) await collectives.gatherValues<RunOrder | null>(order);
}

/** Any other rank: computes what rank 0 says, until there is nothing more. */
export async function follow(
  engine: Engine,
  rendezvous: Rendezvous,
  compute: (collectives: Collectives, order: RunOrder) => Promise<unknown>,
): Promise<void> {
  const collectives = await meet(engine, rendezvous);
  for (;;) {
    const [order] = await collectives.gatherValues<RunOrder | null>(null);
    if (!order) break;
    await compute(collectives, order);
  }
  await collectives.close();
}

/** A case whose steps are cut to an order's. */
export function cutCase(given: TrainingCase, { steps }: Pick<RunOrder, 'steps'>): TrainingCase {
  return { ...given, steps: given.steps.slice(0, steps) };
}

function meet(engine: Engine, rendezvous: Rendezvous): Promise<Collectives> {
  return createCollectives({ engine, rendezvous, version: '', config: {}, timeoutMs: TIMEOUT_MS });
}

function startRank(args: readonly string[]): ChildProcess {
  const { path, execArgv } = locateScript(import.meta.url, '../worker/run-parity-rank');
  return spawn(process.execPath, [...execArgv, path, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function waitForEnd(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
}
