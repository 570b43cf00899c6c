// What a second rank brings: whole MoCo v2 steps of one recipe (ResNet-18, 32², whole batch 128) on one rank and
// on two, each rank on one core, taking turns. Images/s, their ratio, and the share of a step that a rank waits.
//
//   npx tsx bench/data-parallel.ts [--rounds 5] [--steps 10] [--batch 128]

import { parseArgs } from 'node:util';
import { permutation, stream } from '../src/core/rng.ts';
import { createCollectives } from '../src/engine/collectives/create-collectives.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import * as tf from '../src/engine/tf.ts';
import { createMoco } from '../src/moco/moco.ts';
import { summarise } from './measure.ts';
import { readOrder, runAsRanks } from './ranks/start.ts';

interface Task {
  /** Images over all ranks. */
  readonly batch: number;
  readonly steps: number;
  readonly only?: 'tcp';
}

interface Answer {
  readonly transport: string;
  readonly msAStep: number;
  readonly waitShare: number;
  /** CPU time of this rank, ms a step. */
  readonly cpuMsAStep: number;
  readonly loss: number;
}

const WARM_UP = 3;
const SIZE = 32;

const order = readOrder<Task>();
if (order) process.stdout.write(`${JSON.stringify(await train())}\n`);
else await compare();

async function compare(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      steps: { type: 'string', default: '10' },
      batch: { type: 'string', default: '128' },
    },
  });
  const task: Task = { batch: Number(values.batch), steps: Number(values.steps) };
  const contenders: { readonly ranks: number; readonly task: Task; readonly answers: Answer[][] }[] = [
    { ranks: 1, task, answers: [] },
    { ranks: 2, task, answers: [] },
    { ranks: 2, task: { ...task, only: 'tcp' }, answers: [] },
  ];
  for (let round = 0; round < Number(values.rounds); round++)
    for (const each of contenders) each.answers.push(await runAsRanks<Task, Answer>(each.ranks, each.task));
  const alone = summarise(contenders[0]!.answers.map(([first]) => first!.msAStep)).medianMs;
  for (const { ranks, answers } of contenders) {
    const { medianMs, minMs, maxMs } = summarise(
      answers.map((all) => Math.max(...all.map((one) => one.msAStep))),
    );
    const waits = summarise(answers.flat().map(({ waitShare }) => 100 * waitShare)).medianMs;
    const cpu = summarise(answers.flat().map(({ cpuMsAStep }) => cpuMsAStep)).medianMs;
    console.log(
      `${ranks} ${ranks > 1 ? 'ranks' : 'rank '} ${answers[0]![0]!.transport.padEnd(14)} ${medianMs.toFixed(0)} ms a step (${minMs.toFixed(0)} to ${maxMs.toFixed(0)}), ` +
        `${((1000 * task.batch) / medianMs).toFixed(1)} images/s, ${(alone / medianMs).toFixed(2)} times one rank; ` +
        `waits ${waits.toFixed(1)}% of a step; ${cpu.toFixed(0)} ms of CPU a rank and step`,
    );
  }
}

async function train(): Promise<Answer> {
  const { rendezvous, task } = order!;
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
    model: { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' },
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
  const share = task.batch / collectives.ranks;
  const pixels = stream(0, 'bench', collectives.rank);
  const draw = () => {
    const values = Float32Array.from({ length: share * SIZE * SIZE * 3 }, () => pixels.normal());
    return tf.tensor4d(values, [share, SIZE, SIZE, 3]);
  };
  const [queries, keys] = [draw(), draw()];
  const crops = collectives.ranks === 1 ? { queries, keys } : { queries, shuffled: { keys } };
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
  return {
    transport,
    msAStep: ms / task.steps,
    waitShare,
    cpuMsAStep: (user + system) / 1000 / task.steps,
    loss,
  };
}
