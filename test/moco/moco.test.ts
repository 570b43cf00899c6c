// What makes MoCo MoCo, seen from outside: who gets a gradient, what the queue holds, what a step leaves.

import { beforeAll, describe, expect, test } from 'vitest';
import type { MocoConfig, ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import type { TensorMap } from '../../src/core/host-tensor.ts';
import { stream } from '../../src/core/rng.ts';
import { createSingleRank } from '../../src/engine/collectives/single-rank.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco, type Moco } from '../../src/moco/moco.ts';
import { smallMoco } from '../helpers/small-moco.ts';

const model: ModelConfig = { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'split 2' };
const N = 8;

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('wasm');
});

function create(changes: Partial<MocoConfig> = {}, seed = 0): Moco {
  const optimizer = { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 };
  return createMoco({ engine, model, moco: { ...smallMoco, ...changes }, optimizer, seed });
}

/** One step on random images. */
async function step(moco: Moco, seed = 1, { swapped = false } = {}) {
  const rng = stream(seed, 'images');
  const draw = () =>
    tf.tensor4d(
      Float32Array.from({ length: N * 8 * 8 * 3 }, () => rng.normal()),
      [N, 8, 8, 3],
    );
  const crops = [draw(), draw()] as const;
  const [queries, keys] = swapped ? [crops[1], crops[0]] : crops;
  const order = Int32Array.from({ length: N }, (_, i) => (i * 3) % N);
  const measure = await moco.trainStep({ queries, keys, order, lr: 0.05 });
  tf.dispose([queries, keys]);
  return measure;
}

const numbers = (tensors: TensorMap, name: string) => Array.from(tensors.get(name)!.values as Float32Array);

describe('a step', () => {
  test('moves the key encoder only by momentum, towards the query encoder before its step', async () => {
    const moco = create();
    await step(moco);
    const before = await moco.toTensors();
    await step(moco, 2);
    const after = await moco.toTensors();
    const name = 'layer2.0.conv1.weight';
    const [key, query] = [
      numbers(before, `module.encoder_k.${name}`),
      numbers(before, `module.encoder_q.${name}`),
    ];
    numbers(after, `module.encoder_k.${name}`).forEach((value, i) => {
      expect(value).toBeCloseTo(0.9 * key[i]! + 0.1 * query[i]!, 6);
    });
    expect(numbers(after, `module.encoder_q.${name}`)).not.toEqual(query);
    moco.dispose();
  });

  test('replaces the oldest N keys of the queue by keys of unit length, and wraps around', async () => {
    const moco = create();
    const read = async () => numbers(await moco.queue.toTensors(), 'queue');
    const column = (queue: readonly number[], j: number) =>
      Array.from({ length: 16 }, (_, i) => queue[i * 24 + j]!);
    for (const [round, pointer] of [8, 16, 0, 8].entries()) {
      const before = await read();
      await step(moco, round);
      const after = await read();
      expect(moco.queue.pointer).toBe(pointer);
      for (let j = 0; j < 24; j++) {
        const replaced = Math.floor(j / N) === round % 3;
        expect(column(after, j).every((value, i) => value === column(before, j)[i])).toBe(!replaced);
        expect(Math.hypot(...column(after, j))).toBeCloseTo(1, 5);
      }
    }
    moco.dispose();
  });

  test('with the symmetric loss adds the losses of both directions and enqueues both keys', async () => {
    const sizes = { queueSize: 32 };
    const [both, there, back] = [create({ ...sizes, symmetric: true }), create(sizes), create(sizes)];
    const { loss } = await step(both);
    const oneWay = (await step(there)).loss + (await step(back, 1, { swapped: true })).loss;
    expect(loss).toBeCloseTo(oneWay, 4);
    expect(both.queue.pointer).toBe(2 * N);
    for (const moco of [both, there, back]) moco.dispose();
  });

  test('leaves as many tensors as it found, a hundred times', async () => {
    const moco = create();
    await step(moco);
    const { tensors } = engine.memory();
    for (let i = 0; i < 100; i++) {
      await step(moco, i);
      expect(engine.memory().tensors).toBe(tensors);
    }
    moco.dispose();
    expect(engine.memory().tensors).toBe(0);
  });
});

describe('ShuffleBN', () => {
  test('changes which images share statistics, and so the loss, when BatchNorm is split', async () => {
    const [shuffled, plain] = [create(), create({ shuffleBn: false })];
    expect((await step(shuffled)).loss).not.toBe((await step(plain)).loss);
    shuffled.dispose();
    plain.dispose();
  });
});

test('a step of several ranks is not captured', () => {
  const optimizer = { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 };
  const collectives = { ...createSingleRank(), ranks: 2 };
  const moco = createMoco({ engine, model, moco: smallMoco, optimizer, seed: 0, collectives });
  expect(() => moco.captureStep()).toThrow("a step of 2 ranks can't be captured");
  moco.dispose();
});

describe('tensors', () => {
  test('start with a key encoder that is the query encoder', async () => {
    const moco = create();
    const tensors = await moco.toTensors();
    const names = [...tensors.keys()].filter((name) => name.startsWith('module.encoder_q.'));
    expect(names.length).toBeGreaterThan(100);
    for (const name of names)
      expect(tensors.get(name.replace('encoder_q', 'encoder_k'))).toEqual(tensors.get(name));
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['module.queue', 'module.queue_ptr']));
    moco.dispose();
  });

  test('carry everything: a copy made from them goes on to the same bits', async () => {
    const first = create();
    await step(first, 1);
    await step(first, 2);
    const second = create({}, 99);
    second.loadTensors(await first.toTensors());
    expect(await step(second, 3)).toEqual(await step(first, 3));
    expect(await second.toTensors()).toEqual(await first.toTensors());
    first.dispose();
    second.dispose();
  });
});

describe('seeds', () => {
  test('the same seed gives the same bits, another one others', async () => {
    const measures = [];
    for (const seed of [4, 4, 5]) {
      const moco = create({}, seed);
      await step(moco);
      measures.push(await step(moco));
      moco.dispose();
    }
    expect(measures[1]).toEqual(measures[0]);
    expect(measures[2]).not.toEqual(measures[0]);
  });
});
