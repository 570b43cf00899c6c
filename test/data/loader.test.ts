import { expect, test } from 'vitest';
import type { Batch } from '../../src/data/batch.ts';
import { type LoaderOptions, openLoader } from '../../src/data/loader.ts';

const options: LoaderOptions = {
  data: {
    dataset: 'synthetic',
    synthetic: { classes: 3, train: 20, val: 6, size: 16 },
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  },
  split: 'train',
  ops: [
    { op: 'randomResizedCrop', size: 12, scale: [0.2, 1], ratio: [0.75, 1.3333333333333333] },
    { op: 'colorJitter', brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 },
    { op: 'randomHorizontalFlip', p: 0.5 },
  ],
  views: 2,
  batchSize: 6,
  shuffle: true,
  dropLast: true,
  seed: 5,
  threads: 1,
  prefetch: 2,
};

async function readAll(given: LoaderOptions, epoch: number): Promise<Batch[]> {
  const loader = await openLoader(given);
  const batches: Batch[] = [];
  for await (const batch of loader.readEpoch(epoch)) batches.push(batch);
  await loader.close();
  return batches;
}

test('the bits of an epoch do not depend on the number of threads or the batches made ahead', async () => {
  const one = await readAll(options, 3);
  expect(await readAll({ ...options, threads: 3, prefetch: 5 }, 3)).toEqual(one);
  expect(one).toHaveLength(3);
});

test('epochs differ in order and in crops, seeds too', async () => {
  const [first, second] = [await readAll(options, 0), await readAll(options, 1)];
  expect(first[0]!.indices).not.toEqual(second[0]!.indices);
  const other = await readAll({ ...options, seed: 6 }, 0);
  expect(first[0]!.indices).not.toEqual(other[0]!.indices);
});

test('the two views of an image are different crops', async () => {
  const [batch] = await readAll(options, 0);
  expect(batch!.views).toHaveLength(2);
  expect(batch!.views[0]).not.toEqual(batch!.views[1]);
  expect(batch!.views[0]).toHaveLength(6 * 12 * 12 * 3);
});

test('without dropLast every image comes once, in order when not shuffled', async () => {
  const batches = await readAll({ ...options, shuffle: false, dropLast: false, views: 1 }, 0);
  expect(batches.flatMap((batch) => [...batch.indices])).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(batches.at(-1)!.labels).toEqual(Int32Array.of(0, 1));
});

test('leaving an epoch early and reading another gives that epoch', async () => {
  const loader = await openLoader(options);
  for await (const batch of loader.readEpoch(0)) {
    expect(batch.indices).toHaveLength(6);
    break;
  }
  const batches: Batch[] = [];
  for await (const batch of loader.readEpoch(1)) batches.push(batch);
  await loader.close();
  expect(batches).toEqual(await readAll(options, 1));
});

test('what else waits gets its turn between two batches, however long a step blocks', async () => {
  const loader = await openLoader({ ...options, batchSize: 1, prefetch: 2 });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const turnsAtStep: number[] = [];
  for await (const _ of loader.readEpoch(0)) {
    turnsAtStep.push(turns);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); // blocks as a training step does
  }
  clearInterval(timer);
  await loader.close();
  expect(new Set(turnsAtStep.slice(1)).size).toBe(turnsAtStep.length - 1);
});

test('the shares of all ranks are the whole batch, with the same crops; shuffled keys are those that the order says', async () => {
  const order = () => Int32Array.from({ length: options.batchSize }, (_, i) => options.batchSize - 1 - i);
  const crops = [{ views: [0] }, { views: [1], order }];
  const [whole] = await readAll(options, 1);
  const ranks = 2;
  const parts = await Promise.all(
    [0, 1].map(async (rank) => (await readAll({ ...options, share: { rank, ranks }, crops }, 1))[0]!),
  );
  const join = (view: number) => parts.flatMap(({ views }) => [...views[view]!]);
  expect(parts.flatMap(({ indices }) => [...indices])).toEqual([...whole!.indices]);
  expect(join(0)).toEqual([...whole!.views[0]!]);
  const pixels = whole!.views[1]!.length / options.batchSize;
  const shuffled = [...order()].flatMap((from) => [
    ...whole!.views[1]!.subarray(from * pixels, (from + 1) * pixels),
  ]);
  expect(join(1)).toEqual(shuffled);
});
