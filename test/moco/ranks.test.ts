// MoCo on several ranks, each a process: the numbers of one, the same bits again, and ranks that differ.

import { expect, test } from 'vitest';
import { openMeetingPlace } from '../../src/engine/collectives/rendezvous/meeting-place.ts';
import { trainingEngines } from '../helpers/available-engines.ts';
import { startScript } from '../helpers/start-ranks.ts';
import type { TrainPart, TrainReport } from '../helpers/train-rank.ts';

/** torch where it is installed. */
const engine = trainingEngines.at(-1)!;

async function train(ranks: number, part: Omit<TrainPart, 'rendezvous'>): Promise<TrainReport[]> {
  const place = await openMeetingPlace({ ranks, timeoutMs: 60_000 });
  const { host, port, token } = place;
  const started = Array.from({ length: ranks }, (_, rank) => {
    const rendezvous = { host, port, token, rank, ranks, heldByRank0: false };
    const whole: TrainPart = ranks === 1 ? part : { ...part, rendezvous };
    return startScript<TrainReport>('./train-rank', whole);
  });
  try {
    return await Promise.all(started.map(({ report }) => report));
  } finally {
    place.close();
  }
}

/** Mean over the ranks, by step. */
function meanLosses(reports: readonly TrainReport[]): number[] {
  expect(reports.map(({ error }) => error)).toEqual(reports.map(() => undefined));
  const [first] = reports;
  return first!.losses!.map(
    (_, step) => reports.reduce((sum, { losses }) => sum + losses![step]!, 0) / reports.length,
  );
}

test(`on ${engine} 1, 2 and 4 ranks with frozen BatchNorm statistics have the same loss over 20 steps`, async () => {
  const part = { engine, steps: 20, frozen: true };
  const alone = meanLosses(await train(1, part));
  expect(alone).toHaveLength(20);
  expect(Math.max(...alone) - Math.min(...alone)).toBeGreaterThan(0.1); // It does train.
  for (const ranks of [2, 4]) {
    const losses = meanLosses(await train(ranks, part));
    const distances = losses.map((loss, step) => Math.abs(loss - alone[step]!) / alone[step]!);
    expect(Math.max(...distances)).toBeLessThan(1e-5);
  }
});

test(`on ${engine} the same seed and number of ranks give the same bits, and images that travel those that each rank makes`, async () => {
  const part = { engine, steps: 5 };
  const [first, again, gathered] = [
    await train(2, part),
    await train(2, part),
    await train(2, { ...part, gathers: true }),
  ];
  expect(meanLosses(first)).toHaveLength(5);
  expect(again).toEqual(first);
  expect(gathered).toEqual(first);
  const overTcp = await train(2, { ...part, only: 'tcp' });
  expect(overTcp).toEqual(first.map((report) => ({ ...report, transport: 'tcp' })));
});

test('one bit that differs between ranks ends all of them', async () => {
  const reports = await train(2, { engine, steps: 1, flips: 1 });
  const error = {
    code: 'STAGE_RANKS_DIFFER',
    message:
      'Expected the queue to have the same bits on every rank after epoch 1 but rank 1 has others than rank 0.',
    hint: 'Ranks that train different models give a result that means nothing. See the logs of these ranks; memory or a device may be faulty.',
  };
  expect(reports).toEqual([{ error }, { error }]);
});
