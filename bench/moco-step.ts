// Images/s of the whole MoCo v2 step (both encoders, queue, gradients, SGD) on random images.

import { parseArgs } from 'node:util';
import type { ModelConfig } from '../src/config/schema/recipe.generated.ts';
import { permutation, stream } from '../src/core/rng.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import type { ConcreteEngineName } from '../src/engine/engine.ts';
import * as tf from '../src/engine/tf.ts';
import { createMoco } from '../src/moco/moco.ts';
import { summarise } from './measure.ts';

const { values } = parseArgs({
  options: { engine: { type: 'string', default: 'wasm' }, steps: { type: 'string', default: '8' } },
});
const engine = await createEngine(values.engine as ConcreteEngineName);

const cases: readonly { name: string; model: ModelConfig; size: number; batch: number }[] = [
  {
    name: 'quickstart: ResNet-18/16, 32², batch 32',
    model: { arch: 'resnet18', stem: 'imagenet', width: 16, bn: 'plain' },
    size: 32,
    batch: 32,
  },
  {
    name: 'CIFAR demo: ResNet-18, 3x3 stem, 32², batch 32',
    model: { arch: 'resnet18', stem: 'cifar', width: 64, bn: 'split 8' },
    size: 32,
    batch: 32,
  },
  {
    name: 'ImageNet: ResNet-18, 224², batch 8',
    model: { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' },
    size: 224,
    batch: 8,
  },
];

for (const { name, model, size, batch } of cases) {
  const moco = createMoco({
    engine,
    model,
    moco: {
      dim: 128,
      queueSize: 4096,
      keyMomentum: 0.99,
      temperature: 0.2,
      mlp: true,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
    seed: 0,
  });
  const rng = stream(0, 'bench');
  const draw = () => Float32Array.from({ length: batch * size * size * 3 }, () => rng.normal());
  const [queries, keys] = [draw(), draw()].map((pixels) => tf.tensor4d(pixels, [batch, size, size, 3]));
  const order = permutation(rng, batch);
  const times: number[] = [];
  for (let step = 0; step < Number(values.steps) + 2; step++) {
    const started = performance.now();
    await moco.trainStep({ queries: queries!, keys: keys!, order, lr: 0.03 });
    if (step >= 2) times.push(performance.now() - started);
  }
  const { medianMs, minMs, maxMs } = summarise(times);
  const rate = (ms: number) => ((1000 * batch) / ms).toFixed(1);
  console.log(`${values.engine}  ${name}: ${rate(medianMs)} images/s (${rate(maxMs)} to ${rate(minMs)})`);
  tf.dispose([queries!, keys!]);
  moco.dispose();
}
