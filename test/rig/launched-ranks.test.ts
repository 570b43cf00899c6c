// `moco worker`: ranks that another launcher starts, as real processes from a line of shell and from torchrun.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { torchNote, torchPython } from '../helpers/find-torch.ts';
import { findFreePort, moco, startLaunched } from '../helpers/launch-ranks.ts';
import { listProcessesIn, listUnfinished } from '../helpers/list-remains.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const STAGE = 'moco/trial-1/pretrain';
const ARGS = ['--rendezvous', 'env', 'demo.yaml', '--devices-per-trial', '2'];

const EXPERIMENT = `kind: experiment
name: demo
data: { dataset: synthetic, synthetic: { classes: 2, train: 640, val: 16, size: 16 } }
methods:
  moco:
    engine: wasm
    epochs: 1
    batchSize: 64
    optimizer:
      weightDecay: 0
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 64, dim: 16 }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: randomHorizontalFlip }]
`;

function setUp(text = EXPERIMENT): string {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'demo.yaml'), text);
  return folder;
}

async function launch(folder: string, args: readonly string[]) {
  return startLaunched(await findFreePort(), args, folder).ended;
}

/** All that a training measured, times apart. */
function readMetrics(folder: string, out = 'runs'): string {
  return renderWithoutTimes(readMetricsLog(path.join(folder, out, 'demo', STAGE, 'metrics.jsonl')));
}

/** Locks, notes of workers, half-written files, processes, and the folders of ranks that keep no files. */
function listRemains(folder: string): string[] {
  const own = readdirSync(folder).filter((name) => name.startsWith('mocolab-rank-'));
  return [...listUnfinished(folder), ...listProcessesIn(folder).map(String), ...own];
}

test('ranks from a line of shell give the bits of `moco run`, which then goes on from them', async () => {
  const folder = setUp();
  const ends = await launch(folder, ARGS);
  expect(ends).toEqual([
    { code: 0, text: expect.stringContaining(`done     ${STAGE} in`) },
    { code: 0, text: `started  rank 1 of 2 of ${STAGE} on cpu:1\n` },
  ]);
  const options = ['demo.yaml', '--devices-per-trial', '2', '--devices', 'cpu:2'];
  const alone = await runCli(['run', ...options, '--only', 'pretrain', '--out', 'other'], { cwd: folder });
  expect(alone.code).toBe(0);
  expect(readMetrics(folder)).toBe(readMetrics(folder, 'other'));
  const rest = await runCli(['run', ...options], { cwd: folder });
  expect([rest.code, rest.stdout]).toEqual([0, expect.stringContaining('2 done, 1 up to date')]);
  expect(await launch(folder, ARGS)).toEqual(
    [0, 1].map((rank) => {
      return { code: 0, text: `${STAGE} is up to date: nothing to do for rank ${rank} of 2\n` };
    }),
  );
  expect(listRemains(folder)).toEqual([]);
});

test('ranks that a launcher tells to stop end with 75, and started again come to the same bits', async () => {
  const folder = setUp(EXPERIMENT.replace('epochs: 1', 'epochs: 2'));
  const first = startLaunched(await findFreePort(), ARGS, folder);
  const checkpoint = path.join(folder, 'runs/demo', STAGE, 'checkpoint_0000.pth.tar');
  while (!existsSync(checkpoint)) await setTimeout(20);
  process.kill(-first.process.pid!, 'SIGUSR1');
  expect((await first.ended).map(({ code }) => code)).toEqual([75, 75]);
  const again = await launch(folder, ARGS);
  expect(again.map(({ code }) => code)).toEqual([0, 0]);
  await launch(folder, [...ARGS, '--out', 'other']);
  expect(readMetrics(folder)).toBe(readMetrics(folder, 'other'));
});

test('a rank with another config is refused on every rank, with the difference, and nothing is left', async () => {
  // A variable that the launcher sets for each rank.
  const folder = setUp(EXPERIMENT.replace('weightDecay: 0', 'weightDecay: $'.concat('{RANK}')));
  const ends = await launch(folder, ARGS);
  for (const { code, text } of ends) {
    expect(code).toBe(1);
    expect(text).toContain('RENDEZVOUS_OTHER_CONFIG\n');
    expect(text).toContain('there differs: optimizer.weightDecay 0 -> 1.');
  }
  expect(listRemains(folder)).toEqual([]);
});

test('a port that another program has is refused, and nothing is left', async () => {
  const folder = setUp();
  const port = await findFreePort();
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  const [zero, one] = await startLaunched(port, ARGS, folder).ended;
  server.close();
  expect([zero!.code, one!.code]).toEqual([1, 1]);
  expect(zero!.text).toContain(
    `  RENDEZVOUS_PORT\n  Expected rank 0 to listen on 127.0.0.1:${port} but another program does already.`,
  );
  expect(listRemains(folder)).toEqual([]);
});

const several = `${EXPERIMENT}trials: 2\nevaluations: { linear: { kind: lincls, devices: 2, batchSize: 16 } }\n`;

interface Asked {
  readonly args: readonly string[];
  readonly text?: string;
}

test.each<[string, Asked, string]>([
  [
    '--stage names nothing',
    { args: [...ARGS, '--stage', 'moco/trial-1/pretrian'] },
    `WORKER_STAGE_UNKNOWN
  Expected --stage to name a training of demo but "moco/trial-1/pretrian" is none.
    hint: Did you mean moco/trial-1/pretrain?
`,
  ],
  [
    'the training takes another number of devices',
    { args: ['demo.yaml', '--devices-per-trial', '4', '--stage', STAGE] },
    `WORKER_OTHER_SIZE
  Expected as many ranks as moco/trial-1/pretrain takes devices, 4, but WORLD_SIZE is 2.
    hint: Start 4. --devices-per-trial 2 is another training, because BatchNorm and ShuffleBN work per device.
`,
  ],
  [
    'no training takes so many',
    { args: ['demo.yaml'], text: EXPERIMENT.replace('stem: cifar', 'stem: cifar, bn: split 8') },
    `WORKER_STAGE_UNCLEAR
  Expected a training on 2 devices, as WORLD_SIZE says, but those of the file take 1.
    hint: --devices-per-trial 2 is another training, because BatchNorm and ShuffleBN work per device.
`,
  ],
  [
    'several take so many',
    { args: ARGS, text: several },
    `WORKER_STAGE_UNCLEAR
  Expected --stage because 4 trainings of the file take 2 devices, as WORLD_SIZE says.
    hint: They are moco/trial-1/pretrain, moco/trial-1/linear, moco/trial-2/pretrain, moco/trial-2/linear.
`,
  ],
  [
    'what it needs is not there',
    { args: [...ARGS, '--stage', 'moco/trial-1/linear'], text: several },
    `WORKER_INPUT_MISSING
  Expected what moco/trial-1/linear needs to be there but moco/trial-1/extract, moco/trial-1/sanity-check are not up to date.
    hint: \`moco worker\` runs one training. \`moco run demo.yaml\` runs the others; \`--only sanity-check\` all that comes before an evaluation.
`,
  ],
])('where %s, a rank says so before it starts', async (_, { args, text }, problem) => {
  const env = { MASTER_ADDR: 'h', MASTER_PORT: '1', WORLD_SIZE: '2', RANK: '1', LOCAL_RANK: '1' };
  const { code, stderr } = await runCli(['worker', ...args], { cwd: setUp(text), env });
  expect([code, stderr]).toEqual([2, problem]);
});

test.skipIf(!torchPython)(`torchrun starts the ranks (${torchNote})`, async () => {
  const folder = setUp();
  // Without these two, torch 1.13 fails on Python 3.11 before it starts anything.
  const streams = ['-r', '0:1,1:1', '-t', '0:1,1:1'];
  const args = ['-m', 'torch.distributed.run', ...streams, '--no_python', '--nproc_per_node', '2'];
  const place = ['--master_addr', '127.0.0.1', '--master_port', `${await findFreePort()}`];
  const command = [...args, ...place, ...moco, 'worker', ...ARGS];
  const { status, stdout } = spawnSync(torchPython!, command, { cwd: folder, encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, expect.stringContaining(`done     ${STAGE} in`)]);
  const record = JSON.parse(readFileSync(path.join(folder, 'runs/demo', STAGE, 'record.json'), 'utf8'));
  expect(record.state).toBe('done');
});
