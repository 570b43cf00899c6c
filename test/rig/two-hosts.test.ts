// `moco worker` on two hosts with networks, names, processes and shared memory of their own: the bits of two ranks of
// one host, also after one of them was killed where it hurts; and nothing is left on either.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import {
  causeFault,
  type Fault,
  locateTraining,
  readTraining,
  STAGE,
  writeTraining,
} from '../helpers/faulty-training.ts';
import { moco } from '../helpers/launch-ranks.ts';
import { listProcessesIn, listUnfinished } from '../helpers/list-remains.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';
import {
  closeTwoHosts,
  type HostEnd,
  hostAddresses,
  listOpenSockets,
  openTwoHosts,
  runOnHost,
} from '../helpers/two-hosts.ts';

const OPTIONS = ['demo.yaml', '--devices-per-trial', '2'];

const failure = openTwoHosts();
const note = failure ? ` (SKIPPED: ${failure})` : '';
afterAll(closeTwoHosts);

function setUp(engine: string, folder = makeFolder()): string {
  writeTraining(folder, { engine, launch: 'stallTimeout: 8' });
  return folder;
}

/** Trains with a rank on each host. */
function launch(folder: string, fault?: Fault): Promise<HostEnd[]> {
  const ends = hostAddresses.map((_, rank) => {
    const place = { MASTER_ADDR: hostAddresses[0], MASTER_PORT: '29500', WORLD_SIZE: '2' };
    const own = { RANK: `${rank}`, LOCAL_RANK: '0' };
    const command = [...moco, 'worker', '--rendezvous', 'env', ...OPTIONS];
    return runOnHost(rank, command, { cwd: folder, env: { ...place, ...own, ...causeFault(fault) } });
  });
  return Promise.all(ends);
}

/** Trains with both ranks on one host. */
async function runTogether(folder: string): Promise<void> {
  const args = ['run', ...OPTIONS, '--devices', 'cpu:2', '--only', 'pretrain'];
  expect((await runCli(args, { cwd: folder })).code).toBe(0);
}

/** What was trained; `collectives`: how tensors travelled. */
function readResult(folder: string) {
  const { engine } = JSON.parse(readFileSync(path.join(locateTraining(folder), 'record.json'), 'utf8'));
  return { collectives: engine.collectives as string, numbers: readTraining(folder) };
}

const addon = readInstalledAddon();
const ways = [
  { engine: 'wasm', across: 'tcp', within: 'tcp' },
  ...(addon ? [{ engine: 'torch', across: addon.glooModule ? 'gloo' : 'tcp', within: 'shared memory' }] : []),
];

describe.skipIf(failure).each(ways)(`two hosts with $engine over $across${note}`, (way) => {
  const { engine, across, within } = way;
  let whole: ReturnType<typeof readResult>;
  beforeAll(async () => {
    const folder = setUp(engine, makeSharedFolder());
    await runTogether(folder);
    whole = readResult(folder);
  });

  test('train to the bits of two ranks of one host', async () => {
    const folder = setUp(engine);
    expect(await launch(folder)).toEqual([
      { code: 0, text: expect.stringContaining(`done     ${STAGE} in`) },
      { code: 0, text: expect.stringContaining(`started  rank 1 of 2 of ${STAGE} on`) },
    ]);
    const result = readResult(folder);
    expect([result.collectives, whole.collectives]).toEqual([across, within]);
    expect(result.numbers).toEqual(whole.numbers);
  });

  test.skipIf(engine === 'wasm').each<[string, Fault]>([
    ['in a forward pass', { rank: 1, at: 'forward', after: 300, how: 'kill' }],
    ['in the middle of an all-reduce', { rank: 1, at: 'allReduce', after: 15, how: 'kill' }],
    ['while it saves', { rank: 0, at: 'save', after: 2, how: 'kill' }],
  ])('of which one loses its rank %s end, and then come to the same bits', async (_, fault) => {
    const folder = setUp(engine);
    const ends = await launch(folder, fault);
    const other = 1 - fault.rank;
    expect(ends[fault.rank]).toEqual({ code: 1, text: expect.stringContaining('  LAUNCH_WORKER_KILLED\n') });
    expect(ends[other]).toEqual({
      code: 1,
      text: expect.stringContaining(`but rank ${fault.rank} (process `),
    });
    expect([listProcessesIn(folder), listOpenSockets()]).toEqual([[], []]);
    const again = await launch(folder);
    expect(again.map(({ code }) => code)).toEqual([0, 0]);
    expect(listUnfinished(folder)).toEqual([]);
    expect(readResult(folder)).toEqual({ ...whole, collectives: across });
  });

  test.skipIf(engine === 'wasm')('of which one hangs end after launch.stallTimeout', async () => {
    const folder = setUp(engine);
    const ends = await launch(folder, { rank: 1, at: 'allReduce', after: 15, how: 'hang' });
    expect(ends.map(({ code }) => code)).toEqual([1, 1]);
    expect(ends[0]!.text).toMatch(
      /RANK_STALLED\n {2}Expected all ranks to come to \w+ within 8 s but rank 1 \(process \d+ on host-1\) did not/,
    );
    expect([listProcessesIn(folder), listOpenSockets(), listUnfinished(folder)]).toEqual([[], [], []]);
  });
});
