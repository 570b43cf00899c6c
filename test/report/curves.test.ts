import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { averageCurves, pickLines, type TrialCurve } from '../../src/report/details/average-curves.ts';
import { collectCurves } from '../../src/report/details/collect-curves.ts';
import { readReference } from '../../src/report/details/read-reference.ts';
import type { CurvePoint } from '../../src/report/figures/draw-curves.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { EPOCHS, lossAfter, makeRun } from '../helpers/make-report.ts';

const makeCurve =
  (points: readonly CurvePoint[]): TrialCurve =>
  (show) => {
    for (const { epoch, value } of points) show(epoch, value);
  };

test('mean and deviation are over the trials that have got so far', () => {
  const trials = [
    [
      { epoch: 1, value: 1 },
      { epoch: 2, value: 4 },
    ],
    [{ epoch: 1, value: 3 }],
  ];
  expect(averageCurves(trials.map(makeCurve))).toEqual([
    { epoch: 1, value: 2, std: 1, trials: 2 },
    { epoch: 2, value: 4, std: 0, trials: 1 },
  ]);
});

test('long curves keep their ends, and many trials are a band alone', () => {
  const long = makeCurve(Array.from({ length: 1000 }, (_, i) => ({ epoch: i + 1, value: i })));
  const mean = averageCurves([long]);
  expect(mean.length).toBeLessThan(260);
  expect([mean[0]!.epoch, mean.at(-1)!.epoch]).toEqual([1, 1000]);
  expect(pickLines(Array.from({ length: 13 }, () => long))).toEqual([]);
});

test('curves are of whole epochs; a line that is still being written does not count', async () => {
  const { graph, store } = await makeRun(makeFolder());
  const [loss] = collectCurves(graph, store);
  expect(loss!.key).toBe('loss');
  expect(loss!.series).toHaveLength(1);
  expect(loss!.series[0]!.mean).toHaveLength(EPOCHS);
  expect(loss!.series[0]!.mean[0]!.value).toBeCloseTo(lossAfter(1, 2), 10);
});

test('a reference stands beside the curve that its column names; the CIFAR demo’s names are known', async () => {
  const { graph, store } = await makeRun(makeFolder());
  const file = path.join(makeFolder(), 'log.csv');
  writeFileSync(file, 'epoch,train_loss,test_acc@1\n1,5.5,40\n2,5.25,41.5\n');
  const figures = collectCurves(graph, store, { reference: readReference(file) });
  const points = (key: string) => figures.find((figure) => figure.key === key)?.reference?.points;
  expect(points('loss')).toEqual([
    { epoch: 1, value: 5.5 },
    { epoch: 2, value: 5.25 },
  ]);
  expect(points('knn.top1')?.[1]).toEqual({ epoch: 2, value: 41.5 });
  expect(points('lr')).toBeUndefined();
});

test.each([
  ['step,loss\n1,2\n', 'its first line is "step,loss"'],
  ['epoch,loss\n1,2\n2,high\n', 'line 3 is "2,high"'],
])('a reference that is none is refused: %j', (text, fact) => {
  const file = path.join(makeFolder(), 'log.csv');
  writeFileSync(file, text);
  expect(catchProblems(() => readReference(file))).toEqual([
    {
      code: 'REPORT_REFERENCE_UNREADABLE',
      message: `Expected report.reference to be a CSV of numbers under the header epoch,<curve>,... but ${fact}: ${file}.`,
      hint: 'Curves: loss, acc1, lr, imagesPerSecond, an evaluation and metric such as lincls.top1, or value.',
    },
  ]);
});
