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

/** Some as they are, one that is recorded. */
const RUNS_UNTIL_REPLAY = 5;

const {
  engine: name,
  precision,
  device,
  graph,
  ...benchCase
} = JSON.parse(process.argv[2]!) as BenchCase & {
  readonly engine: ConcreteEngineName;
  readonly precision: Precision;
  readonly device: 'cpu' | 'cuda';
  /** Whether the step is captured. */
  readonly graph: boolean;
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
const training = graph ? moco.captureStep() : moco;
const rng = stream(0, 'bench');
const [queries, keys] = [drawImages(), drawImages()] as const;
if (graph) await run(RUNS_UNTIL_REPLAY);

answer({ ready: `mocolab ${name}`, description: engine.description });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, steps] = line.split(' ');
  if (command === 'stop') {
    const peakBytes = measurePeakBytes();
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
    ({ loss } = await training.trainStep({ queries, keys, order, lr: 0.03 }));
    timesMs.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(before);
  return { timesMs, cpuMs: (user + system) / 1000 / steps, loss };
}

/** Of the device's memory, as of PyTorch's peer. */
function measurePeakBytes(): number {
  if (device === 'cuda' && engine.native) return engine.native.memory().peakBytes;
  return 1024 * process.resourceUsage().maxRSS;
}

/** Where the time of a step goes, in ms; undefined where the engine can't tell, or a GPU computes later than it is told. */
async function profile(): Promise<Where | undefined> {
  if (!engine.native || device === 'cuda') return undefined;
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
