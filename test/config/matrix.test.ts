// What a matrix makes of a recipe.

import { expect, test } from 'vitest';
import { loadFiles } from '../helpers/load-files.ts';

/** Names of the methods, and what some settings of each are. */
function expand(matrix: string) {
  const text = `kind: pretrain
batchSize: 256
moco: { queueSize: 4096 }
data: { dataset: cifar10 }
augment: [{ op: randomResizedCrop, size: 32 }]
matrix: ${matrix}
`;
  const { experiment, problems } = loadFiles({ 'a.yaml': text });
  expect(problems).toEqual([]);
  return experiment!.methods.map(({ name, recipe }) => [name, recipe.optimizer.lr, recipe.moco.temperature]);
}

test('axes multiply, in the order of the file, and name their cells', () => {
  expect(expand('{ optimizer.lr: [0.1, 0.2], moco.temperature: [0.07, 0.2] }')).toEqual([
    ['a-lr=0.1-temperature=0.07', 0.1, 0.07],
    ['a-lr=0.1-temperature=0.2', 0.1, 0.2],
    ['a-lr=0.2-temperature=0.07', 0.2, 0.07],
    ['a-lr=0.2-temperature=0.2', 0.2, 0.2],
  ]);
});

test('named cells set what goes together', () => {
  const cells =
    '{ cells: { v1: { moco.temperature: 0.07 }, v2: { moco: { temperature: 0.2, mlp: true }, optimizer.lr: 0.06 } } }';
  expect(expand(cells)).toEqual([
    ['a-v1', 0.03, 0.07],
    ['a-v2', 0.06, 0.2],
  ]);
});

test('exclude leaves out the combinations that match in every key', () => {
  expect(
    expand(
      '{ optimizer.lr: [0.1, 0.2], cells: { v1: {}, v2: { moco.temperature: 0.2 } }, exclude: [{ optimizer.lr: 0.2, cell: v1 }] }',
    ).map(([name]) => name),
  ).toEqual(['a-lr=0.1-v1', 'a-lr=0.1-v2', 'a-lr=0.2-v2']);
});
