// Detectron2's log: how far it is, and its precisions.

import { expect, test } from 'vitest';
import { PrecisionReader, readProgress } from '../../src/detection/read-log.ts';

const PREFIX = '[05/03 15:31:00 d2.evaluation.testing]: copypaste:';

function read(...lines: readonly string[]) {
  const reader = new PrecisionReader();
  for (const line of lines) reader.add(line);
  return reader.precisions;
}

test('a line of training says how many iterations are done', () => {
  const line =
    '[05/03 10:16:02 d2.utils.events]:  eta: 5:01:12  iter: 19  total_loss: 3.512  loss_cls: 3.07  time: 0.7';
  expect(readProgress(line)).toEqual({ iteration: 20, loss: 3.512 });
  expect(readProgress('[05/03 10:15:32 d2.engine.train_loop]: Starting training from iteration 0')).toBe(
    undefined,
  );
});

test('precisions go by their names, in whatever order and among whatever others', () => {
  expect(
    read(`${PREFIX} Task: bbox`, `${PREFIX} AP75,APs,AP,AP50`, `${PREFIX} 62.5,1.5,55.75,81.25`),
  ).toEqual({ AP: 55.75, AP50: 81.25, AP75: 62.5 });
});

test('the last evaluation counts, and of it the boxes alone', () => {
  const boxes = (values: string) => [`${PREFIX} Task: bbox`, `${PREFIX} AP,AP50,AP75`, `${PREFIX} ${values}`];
  const masks = [`${PREFIX} Task: segm`, `${PREFIX} AP,AP50,AP75`, `${PREFIX} 7,8,9`];
  expect(read(...boxes('1,2,3'), ...boxes('4,5,6'), ...masks)).toEqual({ AP: 4, AP50: 5, AP75: 6 });
});

test.each([
  ['none', []],
  ['a name is missing', [`${PREFIX} Task: bbox`, `${PREFIX} AP,AP50`, `${PREFIX} 1,2`]],
  ['NaN', [`${PREFIX} Task: bbox`, `${PREFIX} AP,AP50,AP75`, `${PREFIX} nan,nan,nan`]],
  ['cut off', [`${PREFIX} Task: bbox`, `${PREFIX} AP,AP50,AP75`]],
])('where there is none, none is made up: %s', (_, lines) => {
  expect(read(...lines)).toBe(undefined);
});
