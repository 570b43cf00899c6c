// What stages leave for people to look at agrees with what they computed.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLoader } from '../../src/data/loader.ts';
import {
  CONFUSION_FILE,
  type Confusion,
  CROPS_FILE,
  type FeatureMap,
  MAP_FILE,
  NEIGHBOUR_IMAGES_FILE,
  NEIGHBOURS_FILE,
  type Neighbours,
  readDiagnostic,
} from '../../src/runs/diagnostic-files.ts';
import type { StageOutcome } from '../../src/stages/stage-context.ts';
import { placeFeatures } from '../../src/train/feature-map.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { createStageRunner, makeTinyExperiment, runKinds, type StageRunner } from '../helpers/run-stages.ts';

describe('a chain', () => {
  let runner: StageRunner;
  let outcomes: StageOutcome[];
  const folderOf = (kind: 'pretrain' | 'lincls' | 'knn') => runner.folderOf(runner.find(kind));

  beforeAll(async () => {
    runner = createStageRunner(makeTinyExperiment(), makeSharedFolder());
    outcomes = await runKinds(runner, 'pretrain', 'extract', 'sanity-check', 'lincls', 'knn');
  });

  test('leaves the crops of its first batch, pixel for pixel what the loader serves', async () => {
    const { recipe } = makeTinyExperiment().methods[0]!;
    const loader = await openLoader({
      ...{ data: recipe.data, split: 'train', ops: recipe.augment, views: 2, batchSize: recipe.batchSize },
      ...{ shuffle: true, dropLast: true, seed: runner.find('pretrain').seed, threads: 1, prefetch: 1 },
    });
    const { value: batch } = await loader.readEpoch(0).next();
    await loader.close();
    const { data: pixels, info } = await sharp(path.join(folderOf('pretrain'), CROPS_FILE))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 10 * 18 - 2, height: 2 * 18 - 2, channels: 4 });
    for (const [view, image, y, x, c] of [
      [0, 0, 0, 0, 0],
      [0, 3, 5, 7, 1],
      [1, 9, 15, 15, 2],
    ] as const) {
      const value = batch!.views[view]![((image * 16 + y) * 16 + x) * 3 + c]!;
      const shown = pixels[((view * 18 + y) * info.width + image * 18 + x) * 4 + c];
      expect(shown).toBe(Math.round(255 * (value * 0.25 + 0.5)));
    }
  });

  test('counts a confusion matrix of all held-out images whose diagonal is the top-1', () => {
    const { classes, counts } = readDiagnostic<Confusion>(folderOf('lincls'), CONFUSION_FILE)!;
    expect(classes).toEqual(['class-0', 'class-1', 'class-2', 'class-3']);
    const sum = (rows: Confusion['counts']) => rows.reduce((total, [, , count]) => total + count, 0);
    expect(sum(counts)).toBe(32);
    const right = counts.filter(([label, predicted]) => label === predicted);
    const top1 = outcomes.flatMap((outcome) =>
      outcome.state === 'done' ? (outcome.metrics.bestTop1 && outcome.metrics.top1) || [] : [],
    );
    expect(top1).toEqual([expect.closeTo((100 * sum(right)) / 32, 10)]);
  });

  test('places every held-out image of a small set on the map', () => {
    const map = readDiagnostic<FeatureMap>(folderOf('knn'), MAP_FILE)!;
    expect([map.x.length, map.y.length, map.labels.length]).toEqual([32, 32, 32]);
    expect([...map.x, ...map.y].every(Number.isFinite)).toBe(true);
    expect(new Set(map.labels)).toEqual(new Set([0, 1, 2, 3]));
  });

  test('finds the neighbours of a held-out image of each class, nearest first, with their images', async () => {
    const { queries } = readDiagnostic<Neighbours>(folderOf('knn'), NEIGHBOURS_FILE)!;
    expect(queries.map(({ label }) => label)).toEqual([0, 1, 2, 3]);
    for (const { nearest } of queries) {
      const similarities = nearest.map(({ similarity }) => similarity);
      expect(similarities).toHaveLength(8);
      expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
      expect(similarities[0]).toBeLessThanOrEqual(1);
    }
    const { width, height } = await sharp(path.join(folderOf('knn'), NEIGHBOUR_IMAGES_FILE)).metadata();
    expect([width, height]).toEqual([9 * 18 - 2, 4 * 18 - 2]);
  });

  test('counts none of these files as a result', () => {
    const outputs = outcomes.flatMap((outcome) => (outcome.state === 'done' ? outcome.outputs : []));
    expect(outputs).toContain('knn.json');
    for (const file of [CROPS_FILE, CONFUSION_FILE, MAP_FILE, NEIGHBOURS_FILE, NEIGHBOUR_IMAGES_FILE])
      expect(outputs).not.toContain(file);
  });
});

test('features that are near are near on the map, and the same seed gives the same map', () => {
  const featureDim = 8;
  const values = new Float32Array(40 * featureDim);
  for (let i = 0; i < 40; i++)
    for (let c = 0; c < featureDim; c++)
      values[i * featureDim + c] = (i < 20 ? 0 : 10) + Math.sin(i * 7 + c * 3) / 10;
  const places = placeFeatures(values, { featureDim, seed: 3 });
  expect(placeFeatures(values, { featureDim, seed: 3 })).toEqual(places);
  const centre = (part: typeof places) =>
    [0, 1].map((axis) => part.reduce((sum, at) => sum + at[axis]!, 0) / 20);
  const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
  const [first, second] = [centre(places.slice(0, 20)), centre(places.slice(20))];
  const nearer = places.filter((at, i) => {
    const [own, other] = i < 20 ? [first, second] : [second, first];
    return distance(at, own) < distance(at, other);
  });
  expect(nearer).toHaveLength(40);
});

test('a diagnostic that is no JSON any more is none', () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, CONFUSION_FILE), '{"classes":');
  expect(readDiagnostic(folder, CONFUSION_FILE)).toBeUndefined();
});
