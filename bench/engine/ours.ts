// Our MoCo v2 step on one engine, for engine.ts: the case as JSON in the first argument; then line by line on
// stdin as peer_torch.py: `run N` trains N steps, `stop` tells the peak of resident memory and ends.

import { createInterface } from 'node:readline';
import { permutation, stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { ConcreteEngineName, Precision } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco } from '../../src/moco/moco.ts';
import type { BenchCase } from './cases.ts';
import type { Where } from './contender.ts';

const {
  engine: name,
  precision,
  device,
  ...benchCase
} = JSON.parse(process.argv[2]!) as BenchCase & {
  readonly engine: ConcreteEngineName;
  readonly precision: Precision;
  readonly device: 'cpu' | 'cuda';
};
const { arch, stem, size, batch, queueSize } = benchCase;
const engine = await createEngine(name, { precision, device });
const moco = createMoco({
  engine,
  model: { arch, stem, width: 64, bn: 'plain' },
  moco: {
    dim: 128,
    queueSize,
    keyMomentum: 0.999,
    temperature: 0.2,
    mlp: true,
    symmetric: false,
    shuffleBn: true,
  },
  optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
  seed: 0,
});
const rng = stream(0, 'bench');
const [queries, keys] = [drawImages(), drawImages()] as const;

answer({ ready: `mocolab ${name}`, description: engine.description });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, steps] = line.split(' ');
  if (command === 'stop') {
    const peakBytes = 1024 * process.resourceUsage().maxRSS;
    answer({ peakBytes, where: await profile() }); // In this order: the peak is that of the steps.
    break;
  }
  answer(await run(Number(steps)));
}
process.exit();

async function run(steps: number) {
  const timesMs: number[] = [];
  let loss = Number.NaN;
  const before = process.cpuUsage();
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    const order = permutation(rng, batch);
    ({ loss } = await moco.trainStep({ queries, keys, order, lr: 0.03 }));
    timesMs.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  return { timesMs, cpuMs: (user + system) / 1000 / steps, loss };
}

/** Where the time of a step goes, in ms; undefined where the engine can't tell. */
async function profile(): Promise<Where | undefined> {
  if (!engine.native) return undefined;
  engine.native.startProfile();
  const { timesMs } = await run(1);
  const spent = Object.entries(engine.native.stopProfile());
  const sumOf = (pattern: RegExp) =>
    spent.filter(([name]) => pattern.test(name)).reduce((total, [, { ms }]) => total + ms, 0);
  const [native, convolution, batchNorm] = [sumOf(/./), sumOf(/^Conv2D/), sumOf(/^BatchNorm/)];
  return { convolution, batchNorm, rest: native - convolution - batchNorm, javascript: timesMs[0]! - native };
}

function drawImages(): tf.Tensor4D {
  const pixels = Float32Array.from({ length: batch * size * size * 3 }, () => rng.normal());
  return tf.tensor4d(pixels, [batch, size, size, 3]);
}

function answer(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
