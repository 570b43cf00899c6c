// Stages on several devices: with puppets for what the launcher does, with real ranks for what they compute.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import type { BadImage } from '../../src/data/bad-image.ts';
import { CONFUSION_FILE, type Confusion } from '../../src/runs/diagnostic-files.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { makeImages, spoil } from '../helpers/make-images.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli, startCli, waitForEvent } from '../helpers/run-cli.ts';

const PUPPET = path.resolve('test/rig/puppet-worker.mjs');
const STAGE = 'moco/trial-1/pretrain';

const EXPERIMENT = `kind: experiment
launch: { retries: 0 }
data: { dataset: synthetic, synthetic: { classes: 2, train: 640, val: 16, size: 16 } }
methods:
  moco:
    engine: wasm
    epochs: 1
    batchSize: 64
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 64, dim: 16 }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: randomHorizontalFlip }]
`;

function setUp(behaviours?: { readonly [stageAndRank: string]: string }) {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'demo.yaml'), EXPERIMENT);
  const puppets = path.join(folder, 'puppets.json');
  writeFileSync(puppets, JSON.stringify(behaviours ?? {}));
  const env = behaviours ? { MOCO_WORKER: PUPPET, PUPPETS: puppets } : {};
  return {
    folder,
    run: (...args: string[]) =>
      runCli(['run', 'demo.yaml', '--devices', 'cpu:2', '--devices-per-trial', '2', ...args], {
        cwd: folder,
        env,
      }),
  };
}

test('a stage takes all its devices, and rank 0’s result is the stage’s', async () => {
  const { code, stdout } = await setUp({}).run('--json');
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const started = events.find((event) => event.type === 'stage-started');
  expect(started).toMatchObject({ id: STAGE, device: 'cpu:0, cpu:1' });
});

test('where one rank fails all end, and the failure shown is that rank’s, with its log', async () => {
  const rig = setUp({ [STAGE]: 'stubborn', [`${STAGE}#1`]: 'fail' });
  const { code, stdout } = await rig.run();
  expect(code).toBe(1);
  expect(stdout).toContain('  PUPPET_FAILED\n');
  expect(stdout).toContain(`last lines of ${rig.folder}/runs/demo/${STAGE}/log.rank-1.txt:`);
});

test('a rank that is killed ends the others, which would have gone on for ever', async () => {
  const { code, stdout } = await setUp({ [STAGE]: 'stubborn', [`${STAGE}#1`]: 'die' }).run();
  expect(code).toBe(1);
  expect(stdout).toContain(`Expected rank 1 of ${STAGE} to report its end but it was killed by SIGKILL.`);
});

test('a stage of which nothing is heard for launch.stallTimeout is stopped', async () => {
  const { code, stdout } = await setUp({ [STAGE]: 'stubborn' }).run('--set', 'launch.stallTimeout=2');
  expect(code).toBe(1);
  expect(stdout).toContain(`  LAUNCH_STALLED
  Expected ${STAGE} to go on within 3 s but nothing was heard of it since it was at hang 1/2.
    hint: It was stopped. If its steps take longer than that, raise launch.stallTimeout (seconds).
`);
});

test('fewer devices than a training takes are refused, and plan says so before', async () => {
  const rig = setUp({});
  const text = `DEVICES_TOO_FEW
  Expected 3 devices for ${STAGE} but cpu:2 gives 2 here: cpu:0, cpu:1.
    hint: --devices-per-trial 2 trains on what is here, as another training: BatchNorm and ShuffleBN work per device. --devices cpu:3 divides this machine's cores by 3.
`;
  const sizes = ['--set', 'batchSize=63', '--set', 'methods.moco.moco.queueSize=63'];
  const wide = ['--devices-per-trial', '3', ...sizes];
  const { code, stderr } = await rig.run(...wide);
  expect([code, stderr]).toEqual([2, text]);
  const plan = await runCli(['plan', 'demo.yaml', '--devices', 'cpu:2', ...wide], { cwd: rig.folder });
  expect([plan.code, plan.stderr]).toEqual([0, text]);
  expect(plan.stdout).toContain('3 devices');
});

test('two real ranks train, and the same seed gives the same bits', async () => {
  const rows = await Promise.all(
    [1, 2].map(async () => {
      const rig = setUp();
      const { code, stdout } = await rig.run('--only', 'pretrain');
      expect([code, stdout]).toEqual([0, expect.stringContaining('1 done')]);
      const folder = path.join(rig.folder, 'runs/demo', STAGE);
      const told = readFileSync(path.join(folder, 'log.rank-1.txt'), 'utf8').trimEnd().split('\n');
      expect(told[0]).toMatch(/^\S+Z {2}moco\/trial-1\/pretrain starts on cpu:1$/);
      expect(told.at(-1)).toMatch(/^\S+Z {2}done {2}loss /);
      return renderWithoutTimes(readMetricsLog(path.join(folder, 'metrics.jsonl')));
    }),
  );
  expect(rows[0]).toContain('"epochLoss"');
  expect(rows[1]).toBe(rows[0]);
}, 120_000);

test('ranks that diverge leave what each of them saw of the step', async () => {
  const rig = setUp();
  const { code, stdout } = await rig.run('--only', 'pretrain', '--set', 'methods.moco.optimizer.lr=1e21');
  expect(code).toBe(1);
  expect(stdout).toContain(
    '  STAGE_LOSS_NOT_FINITE\n  Expected a finite loss but it is NaN at step 2 (epoch 1)',
  );
  const file = path.join(rig.folder, 'runs/demo', STAGE, 'failed-step.json');
  const { ranks, gradients } = JSON.parse(readFileSync(file, 'utf8'));
  expect(ranks).toMatchObject([
    { rank: 0, loss: 'NaN', firstNonFinite: 'bn1.running_var' },
    { rank: 1, loss: 'NaN', firstNonFinite: 'bn1.running_var' },
  ]);
  const images = ranks.flatMap((each: { images: number[] }) => each.images);
  expect(new Set(images).size).toBe(64);
  expect(gradients['conv1.weight'].nonFinite).toBe(108);
}, 60_000);

test('bad images of all ranks are counted once, in the record and in the warnings', async () => {
  const rig = setUp();
  const root = await makeImages({ train: 10, val: 1 });
  spoil(root, 'train/cat/4.png');
  spoil(root, 'train/dog/9.png');
  const data = ['dataset=imagefolder', `root=${root}`].flatMap((each) => ['--set', `data.${each}`]);
  const sizes = ['batchSize=4', 'moco.queueSize=8', 'epochs=2', 'loader.onBadImage=skip'];
  writeFileSync(
    path.join(rig.folder, 'demo.yaml'),
    EXPERIMENT.replace(/data: .*\n/, 'data: { dataset: imagefolder }\n'),
  );
  const settings = sizes.flatMap((each) => ['--set', `methods.moco.${each}`]);
  const { code, stdout } = await rig.run('--only', 'pretrain', ...data, ...settings);
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 done')]);
  const { result } = JSON.parse(
    readFileSync(path.join(rig.folder, 'runs/demo', STAGE, 'record.json'), 'utf8'),
  );
  const indices = result.badImages.map(({ index, replacedBy }: BadImage) => [index, replacedBy]);
  expect(indices.sort()).toEqual([
    [19, 0],
    [4, 5],
  ]);
  expect(result.warnings.filter((warning: string) => warning.includes('onBadImage'))).toHaveLength(2);
}, 60_000);

const LINEAR = `kind: experiment
launch: { retries: 0 }
data: { dataset: synthetic, synthetic: { classes: 2, train: 1280, val: 32, size: 32 } }
methods: { start: { method: untrained, engine: wasm, model: { arch: resnet18, stem: cifar, width: 4 } } }
evaluations:
  linear:
    kind: lincls
    engine: wasm
    epochs: 1
    batchSize: 16
    optimizer: { lr: 1 }
    schedule: { policy: constant }
    augment: [{ op: centerCrop, size: 32 }]
    evalTransform: [{ op: centerCrop, size: 32 }]
`;

test('SIGTERM while ranks compute features ends them there with 75, and the next run ends as one that was not stopped', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'demo.yaml'), LINEAR);
  const args = [
    'run',
    'demo.yaml',
    '--devices',
    'cpu:2',
    '--devices-per-trial',
    '2',
    '--only',
    'lincls',
    '--json',
  ];
  const cli = startCli([...args, '--out', 'stopped'], { cwd: folder });
  const isFeatures = (event: RunEvent) =>
    event.type === 'stage-progress' && event.progress.phase === 'features of train';
  await waitForEvent(cli, isFeatures);
  cli.process.kill('SIGTERM');
  const { code, stdout } = await cli.ended;
  expect(code).toBe(75);
  expect(stdout).toContain('"type":"stage-interrupted","id":"start/trial-1/linear"');
  expect(stdout).not.toContain('"phase":"train"');
  const read = async (out: string) => {
    expect((await runCli([...args, '--out', out], { cwd: folder })).code).toBe(0);
    const file = path.join(folder, out, 'demo/start/trial-1/linear/metrics.jsonl');
    return renderWithoutTimes(readMetricsLog(file));
  };
  expect(await read('stopped')).toBe(await read('whole'));
}, 60_000);

test('validation counts each image once, however many ranks there are', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'demo.yaml'), LINEAR.replace('train: 1280, val: 32', 'train: 64, val: 37'));
  const validate = async (ranks: number) => {
    const devices = ['--devices', `cpu:${ranks}`, '--devices-per-trial', `${ranks}`, '--out', `of-${ranks}`];
    expect((await runCli(['run', 'demo.yaml', ...devices], { cwd: folder })).code).toBe(0);
    const stage = path.join(folder, `of-${ranks}`, 'demo/start/trial-1/linear');
    const { counts } = JSON.parse(readFileSync(path.join(stage, CONFUSION_FILE), 'utf8')) as Confusion;
    const { acc1, loss } = readMetricsLog(path.join(stage, 'metrics.jsonl')).findLast(
      ({ split }) => split === 'val',
    )!;
    return { counts, right: ((acc1 as number) / 100) * 37, loss: loss as number };
  };
  const [alone, together] = [await validate(1), await validate(2)];
  expect(alone.counts.reduce((sum, [, , count]) => sum + count, 0)).toBe(37);
  expect(alone.right).toBeCloseTo(Math.round(alone.right), 10);
  expect(together.counts).toEqual(alone.counts);
  expect(together.right).toBe(alone.right);
  expect(together.loss).toBeCloseTo(alone.loss, 5);
}, 60_000);
