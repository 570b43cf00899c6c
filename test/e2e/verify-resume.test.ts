// `moco verify-resume` as users have it.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const RECIPE = `kind: pretrain
engine: wasm
epochs: 5
batchSize: 16
data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
model: { arch: resnet18, stem: cifar, width: 4, bn: split 2 }
moco: { queueSize: 32, dim: 16 }
augment: [{ op: randomResizedCrop, size: 16 }]
loader: { threads: 1 }
`;

test('a recipe is proven: trained, killed, gone on with, compared, and no run of the user is touched', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'small.yaml'), RECIPE);
  const { code, stdout } = await runCli(
    ['verify-resume', 'small.yaml', '--steps', '14', '--kills', '1', '--seed', '8'],
    {
      cwd: folder,
    },
  );
  expect(stdout).toMatch(/\n {2}killed after step \d+\n/);
  expect(stdout).toContain(`
what                                 count   bytes  killed and not killed
query encoder: BatchNorm statistics     60    2560  same bits
`);
  expect(stdout).toMatch(/\n1 kill: nothing differs\.\n$/);
  expect(code).toBe(0);
  expect(existsSync(path.join(folder, 'runs'))).toBe(false);
});

const EXPERIMENT = `kind: experiment
engine: wasm
methods: { small: { extends: small.yaml } }
evaluations:
  linear:
    kind: lincls
    epochs: 100
    batchSize: 16
    optimizer: { lr: 1 }
    schedule: { policy: constant }
    data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
    augment: [{ op: randomResizedCrop, size: 16 }]
    evalTransform: [{ op: centerCrop, size: 16 }]
    checkpointing: { everyEpochs: 20 }
`;

test('a linear classification is proven on an untrained encoder', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'small.yaml'), RECIPE);
  writeFileSync(path.join(folder, 'table.yaml'), EXPERIMENT);
  const limits = ['--steps', '600', '--kills', '1', '--seed', '8'];
  const { code, stdout } = await runCli(
    ['verify-resume', 'table.yaml', '--evaluation', 'linear', ...limits],
    {
      cwd: folder,
    },
  );
  expect(stdout).toContain('small/trial-1/linear: 600 steps without a break ...\n');
  expect(stdout).toMatch(/\n {2}killed after step \d+\n/);
  expect(stdout).toMatch(/\nclassifier +2 +528 {2}same bits\nfrozen backbone +120 +\d+ {2}same bits\n/);
  expect(stdout).toMatch(/\nbest accuracy +1 +4 {2}same bits\n/);
  expect(stdout).toMatch(/\n1 kill: nothing differs\.\n$/);
  expect(code).toBe(0);
});

test('a file without such a training is refused', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'small.yaml'), RECIPE);
  const { code, stderr } = await runCli(['verify-resume', 'small.yaml', '--method', 'mocov3'], {
    cwd: folder,
  });
  expect(code).toBe(2);
  expect(stderr).toContain(`VERIFY_NOTHING
  Expected a training of mocov3 in the file but it has small/pretrain.
    hint: Give a recipe of kind pretrain or lincls, or an experiment, and which of its trainings with --method and --evaluation.
`);
});
