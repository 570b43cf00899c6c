// `moco worker` on two hosts with networks, names, processes and shared memory of their own: the bits of two ranks of
// one host, also after one of them was killed where it hurts; and nothing is left on either.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import type { Fault } from '../helpers/fault.ts';
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

const STAGE = 'moco/trial-1/pretrain';
const OPTIONS = ['demo.yaml', '--devices-per-trial', '2'];

const failure = openTwoHosts();
const note = failure ? ` (SKIPPED: ${failure})` : '';
afterAll(closeTwoHosts);

function setUp(engine: string, folder = makeFolder()): string {
  const text = `kind: experiment
name: demo
launch: { stallTimeout: 8 }
data: { dataset: synthetic, synthetic: { classes: 2, train: 160, val: 16, size: 16 } }
methods:
  moco:
    engine: ${engine}
    epochs: 3
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16 }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: randomHorizontalFlip }]
    loader: { threads: 1 }
`;
  writeFileSync(path.join(folder, 'demo.yaml'), text);
  return folder;
}

/** Trains with a rank on each host. */
function launch(folder: string, fault?: Fault): Promise<HostEnd[]> {
  const ends = hostAddresses.map((_, rank) => {
    const place = { MASTER_ADDR: hostAddresses[0], MASTER_PORT: '29500', WORLD_SIZE: '2' };
    const own = { RANK: `${rank}`, LOCAL_RANK: '0' };
    const faulty = { MOCO_WORKER: path.resolve('test/rig/faulty-worker.mjs'), FAULT: JSON.stringify(fault) };
    const command = [...moco, 'worker', '--rendezvous', 'env', ...OPTIONS];
    return runOnHost(rank, command, { cwd: folder, env: { ...place, ...own, ...(fault ? faulty : {}) } });
  });
  return Promise.all(ends);
}

/** Trains with both ranks on one host. */
async function runTogether(folder: string): Promise<void> {
  const args = ['run', ...OPTIONS, '--devices', 'cpu:2', '--only', 'pretrain'];
  expect((await runCli(args, { cwd: folder })).code).toBe(0);
}

/** All that was measured, times apart, and the last checkpoint; `collectives`: how tensors travelled. */
function readResult(folder: string) {
  const stage = path.join(folder, 'runs/demo', STAGE);
  const { engine } = JSON.parse(readFileSync(path.join(stage, 'record.json'), 'utf8'));
  const checkpoint = readFileSync(path.join(stage, 'checkpoint_0002.pth.tar'));
  return {
    collectives: engine.collectives as string,
    numbers: {
      metrics: renderWithoutTimes(readMetricsLog(path.join(stage, 'metrics.jsonl'))),
      checkpoint: createHash('sha256').update(checkpoint).digest('hex'),
    },
  };
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
