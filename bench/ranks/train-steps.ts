// One rank of bench/data-parallel.ts: whole MoCo v2 steps on drawn images, timed.

import { permutation, stream } from '../../src/core/rng.ts';
import type { Transport } from '../../src/engine/collectives/collectives.ts';
import { createCollectives } from '../../src/engine/collectives/create-collectives.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { createMoco } from '../../src/moco/moco.ts';
import type { RankOrder } from './start.ts';

export interface Task {
  readonly stem: 'imagenet' | 'cifar';
  /** Of an image, pixels. */
  readonly size: number;
  /** Images over all ranks. */
  readonly batch: number;
  readonly steps: number;
  readonly only?: Transport;
}

export interface Answer {
  readonly transport: string;
  readonly msAStep: number;
  /** Of a step, in which the rank had nothing to do but to wait for the others. */
  readonly waitShare: number;
  /** CPU time of this rank, ms a step. */
  readonly cpuMsAStep: number;
  readonly loss: number;
}

const WARM_UP = 2;

export async function trainSteps({ rendezvous, task }: RankOrder<Task>): Promise<Answer> {
  const engine = await createEngine('torch', { device: 'cpu' });
  const collectives = await createCollectives({
    engine,
    ...(rendezvous ? { rendezvous } : {}),
    ...(task.only ? { only: task.only } : {}),
    version: '',
    config: {},
    timeoutMs: 600_000,
  });
  const moco = createMoco({
    engine,
    collectives,
    model: { arch: 'resnet18', stem: task.stem, width: 64, bn: 'plain' },
    moco: {
      dim: 128,
      queueSize: 4096,
      keyMomentum: 0.999,
      temperature: 0.2,
      mlp: true,
      symmetric: false,
      shuffleBn: true,
    },
    optimizer: { lr: 0.03, momentum: 0.9, weightDecay: 1e-4 },
    seed: 0,
  });
  const crops = drawCrops(task, collectives);
  const orders = stream(0, 'bench orders');
  let [started, cpu] = [0, process.cpuUsage()];
  let loss = Number.NaN;
  for (let step = -WARM_UP; step < task.steps; step++) {
    if (step === 0) {
      await collectives.barrier();
      collectives.takeWaitMs();
      [started, cpu] = [performance.now(), process.cpuUsage()];
    }
    ({ loss } = await moco.trainStep({ ...crops, order: permutation(orders, task.batch), lr: 0.03 }));
  }
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const waitShare = collectives.takeWaitMs() / ms;
  await collectives.close();
  const { transport } = collectives;
  const cpuMsAStep = (user + system) / 1000 / task.steps;
  return { transport, msAStep: ms / task.steps, waitShare, cpuMsAStep, loss };
}

function drawCrops(
  { batch, size }: Task,
  { rank, ranks }: { readonly rank: number; readonly ranks: number },
) {
  const share = batch / ranks;
  const pixels = stream(0, 'bench', rank);
  const draw = () => {
    const values = Float32Array.from({ length: share * size * size * 3 }, () => pixels.normal());
    return tf.tensor4d(values, [share, size, size, 3]);
  };
  const [queries, keys] = [draw(), draw()];
  return ranks === 1 ? { queries, keys } : { queries, shuffled: { keys } };
}
