// Training by a captured step, on every engine that this machine can test; where torch finds a GPU, by a CUDA graph.

import { expect, test } from 'vitest';
import type { TensorMap } from '../../src/core/host-tensor.ts';
import { permutation, stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco } from '../../src/moco/moco.ts';
import { availableEngines } from '../helpers/available-engines.ts';
import { smallMoco } from '../helpers/small-moco.ts';

const N = 8;
const STEPS = 7;

/** Losses of some steps, and all that they have trained. */
async function train(engine: Engine, isCaptured: boolean) {
  const moco = createMoco({
    engine,
    model: { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'split 2' },
    moco: { ...smallMoco, symmetric: true },
    optimizer: { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 },
    seed: 0,
  });
  const captured = isCaptured ? moco.captureStep() : undefined;
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const rng = stream(step, 'images');
    const [queries, keys] = [0, 1].map(() =>
      tf.tensor4d(
        Float32Array.from({ length: N * 8 * 8 * 3 }, () => rng.normal()),
        [N, 8, 8, 3],
      ),
    ) as [tf.Tensor4D, tf.Tensor4D];
    const batch = { queries, keys, order: permutation(rng, N), lr: 0.05 / (1 + step) };
    losses.push((await (captured ?? moco).trainStep(batch)).loss);
    tf.dispose([queries, keys]);
  }
  const tensors = await moco.toTensors();
  captured?.dispose();
  moco.dispose();
  return { losses, tensors };
}

/** A GPU's sums may come in another order. */
function expectNear(got: TensorMap, expected: TensorMap): void {
  expect([...got.keys()]).toEqual([...expected.keys()]);
  for (const [name, { values }] of got)
    values.forEach((value: number | bigint, i: number) => {
      expect(Number(value), name).toBeCloseTo(Number(expected.get(name)!.values[i]), 2);
    });
}

test.each(availableEngines)(
  'on %s a captured step trains as trainStep does, and frees what it took',
  async (name) => {
    const engine = await createEngine(name);
    const isOnGpu = 'cudnn' in engine.description;
    const before = engine.memory().tensors;
    const [plain, captured] = [await train(engine, false), await train(engine, true)];
    expect(plain.losses[0]).not.toBe(plain.losses[1]);
    if (isOnGpu) expectNear(captured.tensors, plain.tensors);
    else expect(captured).toEqual(plain);
    expect(engine.memory().tensors).toBe(before);
  },
);
