// The linear rule: applied by `lr: auto`, told where it is not, and never applied in silence.

import { expect, test } from 'vitest';
import { explainConfig } from '../../src/config/explain-config.ts';
import type { LoadOptions } from '../../src/config/loading.ts';
import { loadFiles, renderAll } from '../helpers/load-files.ts';

const BASE = `kind: pretrain
batchSize: 256
model: { bn: split 8 }
moco: { queueSize: 4096 }
optimizer: { lr: 0.03 }
data: { dataset: cifar10 }
augment: [{ op: randomResizedCrop, size: 32 }]
`;

function load(text: string, options: Partial<LoadOptions> = {}) {
  const loaded = loadFiles({ 'a.yaml': text, 'base.yaml': BASE }, options);
  expect(loaded.problems).toEqual([]);
  const methods = loaded.experiment!.methods.map(({ recipe, lrRule }) => [recipe.optimizer.lr, lrRule]);
  return { ...loaded, methods };
}

test('auto scales the rate of what is extended with the batch, and says how', () => {
  const { methods, explained } = load(
    'kind: pretrain\nextends: base.yaml\nbatchSize: 512\noptimizer: { lr: auto }\n',
  );
  expect(methods).toEqual([[0.06, 'auto: 0.03 at batch 256 is 0.06 at 512']]);
  expect(explainConfig(explained)).toMatch(
    / {2}lr: 0.06 +# auto: 0.03 at batch 256 is 0.06 at 512 \(a.yaml:4\)/,
  );
});

test('auto scales every cell of a sweep over the batch', () => {
  const text = `kind: experiment
methods:
  m:
    extends: base.yaml
    optimizer: { lr: auto }
    matrix: { batchSize: [128, 256, 1024] }
`;
  expect(load(text).methods.map(([lr]) => lr)).toEqual([0.015, 0.03, 0.12]);
});

test('auto from the command line scales the rate of the file', () => {
  const set = ['batchSize=512', 'optimizer.lr=auto'];
  expect(load(BASE, { set }).methods).toEqual([[0.06, 'auto: 0.03 at batch 256 is 0.06 at 512']]);
});

test('auto in a recipe that has no rate to scale takes the paper’s', () => {
  const text = BASE.replace('lr: 0.03', 'lr: auto').replace('batchSize: 256', 'batchSize: 1024');
  expect(load(text).methods).toEqual([[0.12, 'auto: 0.03 at batch 256 is 0.12 at 1024']]);
});

test('another batch than the rate was chosen for is told with what the linear rule gives, and changes nothing', () => {
  const { methods, ...loaded } = load('kind: pretrain\nextends: base.yaml\nbatchSize: 512\n');
  expect(methods).toEqual([[0.03, undefined]]);
  expect(renderAll(loaded)).toMatchInlineSnapshot(`
    "a.yaml:3:12  CONFIG_LR_UNSCALED
      Expected optimizer.lr to be chosen for batchSize 512 but 0.03 was chosen for 256; it stays 0.03.

        3 | batchSize: 512
          |            ~~~
        hint: The linear rule gives 0.06, as optimizer.lr: auto would. To keep 0.03 without this warning, write it where batchSize is written."
  `);
});

test('a rate that is written beside the batch is the user’s own', () => {
  const both = 'kind: pretrain\nextends: base.yaml\nbatchSize: 512\noptimizer: { lr: 0.05 }\n';
  expect(load(both).warnings).toEqual([]);
  expect(load(BASE, { set: ['batchSize=512', 'optimizer.lr=0.03'] }).warnings).toEqual([]);
});

test('anything else than a number or auto is refused', () => {
  const text = BASE.replace('lr: 0.03', 'lr: automatic');
  expect(renderAll(loadFiles({ 'a.yaml': text }))).toMatchInlineSnapshot(`
    "a.yaml:5:18  CONFIG_OUT_OF_RANGE
      Expected another form for optimizer.lr but received "automatic".

        5 | optimizer: { lr: automatic }
          |                  ~~~~~~~~~
        hint: MoCo v1 uses 0.03 at batch 256; scale it linearly with the batch."
  `);
});
