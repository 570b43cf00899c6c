// 10,000 MoCo steps of a small network: tensors, native bytes and resident memory must stay level.
//
//   npx tsx bench/soak.ts [--engine torch] [--steps 10000]

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { permutation, stream } from '../src/core/rng.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import type { ConcreteEngineName } from '../src/engine/engine.ts';
import * as tf from '../src/engine/tf.ts';
import { createMoco } from '../src/moco/moco.ts';

const { values } = parseArgs({
  options: { engine: { type: 'string', default: 'torch' }, steps: { type: 'string', default: '10000' } },
});
const steps = Number(values.steps);
const [batch, size] = [8, 16];
const engine = await createEngine(values.engine as ConcreteEngineName);
const moco = createMoco({
  engine,
  model: { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'split 2' },
  moco: {
    dim: 16,
    queueSize: 256,
    keyMomentum: 0.99,
    temperature: 0.2,
    mlp: true,
    symmetric: true,
    shuffleBn: true,
  },
  optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
  seed: 0,
});
const rng = stream(0, 'soak');
setFlagsFromString('--expose-gc');
/** JavaScript's own garbage, tens of MB that come and go, is no part of the level. */
const collectGarbage = runInNewContext('gc') as () => void;

/** What must stay level; resident memory once the start is over. */
interface Level {
  readonly step: number;
  readonly tensors: number;
  readonly bytes: number;
  readonly residentMb: number;
}
const levels: Level[] = [];
for (let step = 1; step <= steps; step++) {
  await trainOnce();
  if (step % (steps / 10) === 0) levels.push(readLevel(step));
}
console.table(levels);
const [first, last] = [levels[0]!, levels.at(-1)!];
const grownMb = last.residentMb - levels[1]!.residentMb;
const held = first.tensors === last.tensors && first.bytes === last.bytes && grownMb < 10;
console.log(
  `${steps} steps: tensors and bytes ${held ? 'level' : 'NOT LEVEL'}, resident memory ${grownMb.toFixed(1)} MB more since the second row`,
);
process.exitCode = held ? 0 : 1;

async function trainOnce(): Promise<void> {
  const [queries, keys] = [drawImages(), drawImages()];
  await moco.trainStep({ queries, keys, order: permutation(rng, batch), lr: 0.01 });
  tf.dispose([queries, keys]);
}

function readLevel(step: number): Level {
  collectGarbage();
  const { tensors, bytes } = engine.memory();
  return { step, tensors, bytes, residentMb: Number((process.memoryUsage.rss() / 1e6).toFixed(1)) };
}

function drawImages(): tf.Tensor4D {
  const pixels = Float32Array.from({ length: batch * size * size * 3 }, () => rng.normal());
  return tf.tensor4d(pixels, [batch, size, size, 3]);
}
