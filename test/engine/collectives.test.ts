// Ranks as real processes on this machine: what they compute together, and what each says when one fails.

import { describe, expect, test } from 'vitest';
import { planBuckets } from '../../src/engine/collectives/gradient-buckets.ts';
import { listSharedMemory } from '../helpers/list-remains.ts';
import type { RankPart } from '../helpers/rank-process.ts';
import { ways as allWays } from '../helpers/rank-ways.ts';
import { runRanks } from '../helpers/start-ranks.ts';

const ways = allWays.filter(({ missing }) => !missing);

test.skip.each(allWays.filter(({ missing }) => missing))('over $transport (SKIPPED: $missing)', () => {});

const jobs = [
  { transport: 'tcp', ranks: 2, large: false, how: { engine: 'wasm' as const } },
  ...ways.flatMap(({ transport, how }) => [
    { transport, how, ranks: 2, large: true },
    { transport, how, ranks: 4, large: false },
  ]),
];

test.each(jobs)(
  '$ranks ranks of $how.engine over $transport: every operation gives the right bits on every rank',
  async ({ transport, ranks, large, how }) => {
    const reports = await runRanks(ranks, { ...how, play: 'operations', large });
    for (const report of reports)
      expect(report).toEqual({ transport, wrong: [], tensorsLeft: 0, hashes: reports[0]!.hashes });
  },
);

test.each(ways)(
  'over $transport gradients become their mean over the ranks, with the same bits everywhere',
  async ({ transport, how }) => {
    const reports = await runRanks(2, { ...how, play: 'gradients' });
    for (const report of reports)
      expect(report).toEqual({ transport, wrong: [], tensorsLeft: 0, hashes: reports[0]!.hashes });
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
  const both = await Promise.all([1, 2].map(() => runRanks(2, { engine: 'cpu', play: 'operations' })));
  for (const report of both.flat()) expect(report.wrong).toEqual([]);
});

test('a process of another version is refused by all, and the difference named', async () => {
  const reports = await runRanks(2, (rank) => ({ engine: 'cpu', play: 'wait', version: `1.${rank}.0` }));
  for (const { error } of reports) {
    expect(error!.code).toBe('RENDEZVOUS_OTHER_VERSION');
    expect(error!.message).toMatch(/but rank 0 on .+ runs 1\.0\.0 .+ and rank 1 on .+ runs 1\.1\.0 /);
  }
});

describe.each(ways)('over $transport', ({ how }) => {
  /** Three ranks of which the middle one fails; what the others say. */
  async function hearOthers(play: RankPart['play'], timeoutMs?: number) {
    const own = timeoutMs ? { timeoutMs } : {};
    const before = listSharedMemory();
    const reports = await runRanks(3, (rank) => ({ ...how, ...own, play: rank === 1 ? play : 'wait' }), {
      endRank: play === 'hang' ? 1 : undefined,
    });
    expect(listSharedMemory()).toEqual(before);
    expect(reports[0]!.error).toBeDefined();
    return { culprit: reports[1]!, errors: [reports[0]!.error!, reports[2]!.error!] };
  }

  test('a rank that is killed in the middle of an all-reduce is named by every other, and leaves nothing', async () => {
    const { culprit, errors } = await hearOthers('die');
    expect(culprit).toEqual({ error: { message: 'ended with SIGKILL' } });
    for (const { code, message, hint } of errors) {
      expect(code).toBe('RANK_LOST');
      expect(message).toMatch(
        /^Expected all ranks to train to the end but rank 1 \(process \d+ on .+\) is gone: (it closed the connection|ECONNRESET|EPIPE)\.$/,
      );
      expect(hint).toBe(
        'The failure is that rank’s: see its log. One that was killed has none; often the system ran out of memory.',
      );
    }
  });

  test('a rank that hangs is named by every other after the timeout', async () => {
    const { errors } = await hearOthers('hang', 2000);
    for (const { code, message, hint } of errors) {
      expect(code).toBe('RANK_STALLED');
      expect(message).toMatch(
        /^Expected all ranks to come to allReduceSum within 2 s but rank 1 \(process \d+ on .+\) did not\.$/,
      );
      expect(hint).toBe(
        'See its log: it may hang, or its machine may be much slower. A larger launch.stallTimeout waits longer.',
      );
    }
  });

  test('a rank that throws ends every other', async () => {
    const { culprit, errors } = await hearOthers('throw');
    expect(culprit.error).toEqual({ message: 'told to throw' });
    for (const { message } of errors)
      expect(message).toMatch(/but rank 1 \(process \d+ on .+\) is gone: it has ended its work\.$/);
  });

  test('ranks that call different operations stop, and say that it is a bug', async () => {
    const { culprit, errors } = await hearOthers('differ');
    for (const { message } of [culprit.error!, ...errors])
      expect(message).toMatch(
        /called (allGather where rank \d called allReduceSum|allReduceSum where rank \d called allGather|different operations)/,
      );
  });
});
