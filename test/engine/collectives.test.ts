// Ranks as real processes on this machine: what they compute together, and what each says when one fails.

import { expect, test } from 'vitest';
import { planBuckets } from '../../src/engine/collectives/gradient-buckets.ts';
import { availableEngines } from '../helpers/available-engines.ts';
import { runRanks } from '../helpers/start-ranks.ts';

const jobs = [
  ...availableEngines.map((engine) => ({ engine, ranks: 2, large: engine === availableEngines.at(-1) })),
  { engine: availableEngines.at(-1)!, ranks: 4, large: false },
];

test.each(jobs)(
  '$ranks ranks on $engine: every operation gives the right bits on every rank',
  async ({ engine, ranks }) => {
    const reports = await runRanks(ranks, { engine, play: 'operations' });
    for (const report of reports) {
      expect(report).toMatchObject({ wrong: [], tensorsLeft: 0, hashes: reports[0]!.hashes });
    }
  },
);

test.each(availableEngines)(
  '%s: gradients become their mean over the ranks, with the same bits everywhere',
  async (engine) => {
    const reports = await runRanks(2, { engine, play: 'gradients' });
    for (const report of reports) {
      expect(report).toMatchObject({ wrong: [], tensorsLeft: 0, hashes: reports[0]!.hashes });
    }
  },
);

test('buckets go from the last parameter to the first: 1 MB, then 25 MB each', () => {
  const [MB, small] = [2 ** 20, 1000];
  expect(planBuckets([30 * MB, small, 20 * MB, 10 * MB, small, MB, small])).toEqual([
    [6, 5],
    [4, 3, 2],
    [1, 0],
  ]);
  expect(planBuckets([small, small])).toEqual([[1, 0]]);
  expect(planBuckets([])).toEqual([]);
});

test('two jobs at once never meet', async () => {
  const jobs = await Promise.all([1, 2].map(() => runRanks(2, { engine: 'cpu', play: 'operations' })));
  for (const report of jobs.flat()) expect(report.wrong).toEqual([]);
});

test('a rank that is killed in the middle of an all-reduce ends every other rank, which names it', async () => {
  const reports = await runRanks(3, (rank) => ({ engine: 'cpu', play: rank === 1 ? 'die' : 'wait' }));
  expect(reports[1]).toEqual({ error: { message: 'ended with SIGKILL' } });
  for (const rank of [0, 2]) {
    expect(reports[rank]!.error!.code).toBe('RANK_LOST');
    expect(reports[rank]!.error!.message).toMatch(
      /^Expected all ranks to train to the end but rank 1 \(process \d+ on .+\) is gone: .+\.$/,
    );
  }
});
