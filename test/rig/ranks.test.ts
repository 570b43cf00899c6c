// Stages on several devices: with puppets for what the launcher does, with real ranks for what they compute.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

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
  Expected ${STAGE} to go on within 2.5 s but nothing was heard of it since it was at hang 1/2.
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
      expect(readFileSync(path.join(folder, 'log.rank-1.txt'), 'utf8')).toBe('');
      return renderWithoutTimes(readMetricsLog(path.join(folder, 'metrics.jsonl')));
    }),
  );
  expect(rows[0]).toContain('"epochLoss"');
  expect(rows[1]).toBe(rows[0]);
}, 120_000);
