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
  const { code, stdout } = await runCli(['verify-resume', 'small.yaml', '--steps', '14', '--kills', '1'], {
    cwd: folder,
  });
  expect(stdout).toMatch(/\n {2}killed after step \d+\n/);
  expect(stdout).toContain(`
what                                 count   bytes  killed and not killed
query encoder: BatchNorm statistics     60    2560  same bits
`);
  expect(stdout).toMatch(/\n1 kill: nothing differs\.\n$/);
  expect(code).toBe(0);
  expect(existsSync(path.join(folder, 'runs'))).toBe(false);
});

test('a file without such a pre-training is refused', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'small.yaml'), RECIPE);
  const { code, stderr } = await runCli(['verify-resume', 'small.yaml', '--method', 'mocov3'], {
    cwd: folder,
  });
  expect(code).toBe(2);
  expect(stderr).toContain(`VERIFY_NOTHING
  Expected a pre-training of mocov3 in the file but it has those of small.
    hint: Give a recipe of kind pretrain, or an experiment with a method that trains, and its name with --method.
`);
});
