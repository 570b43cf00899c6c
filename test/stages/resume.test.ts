// Stopped anywhere and started again, a training ends with the bits of one that was not.

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { listStepCheckpoints, nameCheckpoint, nameStepCheckpoint } from '../../src/runs/checkpoint.ts';
import { compareTrainings } from '../../src/runs/compare-trainings.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import {
  changeLincls,
  createStageRunner,
  makeTinyExperiment,
  runKinds,
  type StageRunner,
} from '../helpers/run-stages.ts';

type Trained = 'pretrain' | 'lincls';

/** The tiny experiment, three epochs of six batches; classifiers with two batches held out, a checkpoint every two epochs. */
function makeSmall(everyMinutes = 15): ResolvedExperiment {
  const [method] = makeTinyExperiment().methods;
  const { data } = method!.recipe;
  const pretrain = {
    ...method!.recipe,
    epochs: 3,
    checkpointing: { everyEpochs: 1, everyMinutes, keep: 'last' },
  };
  const changed = changeLincls({
    data: { ...data, synthetic: { ...data.synthetic!, val: 64 } },
    checkpointing: { everyEpochs: 2, everyMinutes, keep: 'best' },
  });
  return { ...changed, methods: [{ ...method!, recipe: pretrain }] };
}

const BATCH = { pretrain: 16, lincls: 32 };
/** So short that it is due after every step. */
const ALWAYS = 1e-9;

const folderOf = (runner: StageRunner, kind: Trained) => runner.folderOf(runner.find(kind));

async function prepare(kind: Trained, everyMinutes?: number): Promise<StageRunner> {
  const runner = createStageRunner(makeSmall(everyMinutes));
  if (kind === 'lincls') await runKinds(runner, 'pretrain', 'extract');
  return runner;
}

/** Runs a stage until so many steps are done. */
function stopAfter(runner: StageRunner, kind: Trained, steps: number) {
  return runner.run(kind, {
    onProgress: ({ phase, done }, stop) => {
      if (phase === 'train' && done === steps * BATCH[kind]) stop.abort();
    },
  });
}

/** Warnings, but for the one of a recipe as small as this. */
function tellOwn({ warnings }: StageRunner): string[] {
  return warnings.filter((warning) => !warning.startsWith('moco.queueSize 32 is more than a tenth'));
}

/** The files that a stage leaves, byte for byte; of the metrics all but the times. */
function readAll(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder)
      // TensorBoard's files are named after the time, and repeat the metrics.
      .filter((name) => !name.startsWith('events.out.tfevents.'))
      .sort()
      .map((name) => {
        const file = path.join(folder, name);
        if (name.endsWith('.jsonl')) return [name, renderWithoutTimes(readMetricsLog(file))];
        return [name, readFileSync(file).toString('hex')];
      }),
  );
}

const wholes = new Map<Trained, Promise<Record<string, string>>>();

function trainWhole(kind: Trained): Promise<Record<string, string>> {
  const known =
    wholes.get(kind) ??
    prepare(kind).then(async (runner) => {
      await runner.run(kind);
      return readAll(folderOf(runner, kind));
    });
  wholes.set(kind, known);
  return known;
}

describe.each(['pretrain', 'lincls'] as const)('%s', (kind) => {
  const stepsPerEpoch = kind === 'pretrain' ? 6 : 3;

  test('stopped after every step in turn, it leaves the same bytes, and metrics without hole or repeat', async () => {
    const runner = await prepare(kind);
    for (let step = 1; step < 3 * stepsPerEpoch; step++) {
      expect(await stopAfter(runner, kind, step)).toEqual({ state: 'stopped' });
    }
    expect(await runner.run(kind)).toMatchObject({ state: 'done' });
    expect(readAll(folderOf(runner, kind))).toEqual(await trainWhole(kind));
    expect(tellOwn(runner)).toEqual([]);
  });

  test('writing a checkpoint after every step changes nothing, and none of them stays', async () => {
    const runner = await prepare(kind, ALWAYS);
    const left = new Set<number>();
    await runner.run(kind, {
      onProgress: () => left.add(listStepCheckpoints(folderOf(runner, kind)).length),
    });
    expect(Math.max(...left)).toBe(2);
    expect(readAll(folderOf(runner, kind))).toEqual(await trainWhole(kind));
  });

  test('where the newest checkpoint is broken, it goes on from the one before, says so, and ends the same', async () => {
    const runner = await prepare(kind, ALWAYS);
    await stopAfter(runner, kind, 5);
    const folder = folderOf(runner, kind);
    const newest = path.join(folder, nameStepCheckpoint(5));
    const bytes = readFileSync(newest);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(newest, bytes);
    const seen: number[] = [];
    await runner.run(kind, { onProgress: ({ phase, done }) => void (phase === 'train' && seen.push(done)) });
    expect(seen[0]).toBe(5 * BATCH[kind]);
    expect(tellOwn(runner)).toEqual([
      `Expected ${newest} to have the checksum it was written with but it has another one. It is passed over, and is now checkpoint_step_00000005.pth.tar.damaged.`,
    ]);
    const { [`${path.basename(newest)}.damaged`]: damaged, ...rest } = readAll(folder);
    expect(damaged).toBe(bytes.toString('hex'));
    expect(rest).toEqual(await trainWhole(kind));
  });
});

test.each([1, 2, 3])(
  'told to stop in the validation of epoch %i, a classifier stops there and measures it again',
  async (epoch) => {
    const runner = await prepare('lincls');
    let validations = 0; // Batches: two an epoch.
    const stopped = await runner.run('lincls', {
      onProgress: ({ phase }, stop) => {
        if (phase === 'validate' && ++validations === 2 * epoch - 1) stop.abort();
      },
    });
    expect(stopped).toEqual({ state: 'stopped' });
    const folder = folderOf(runner, 'lincls');
    const measured = readMetricsLog(path.join(folder, 'metrics.jsonl')).filter(
      ({ split }) => split === 'val',
    );
    expect(measured).toHaveLength(epoch - 1);
    expect(listStepCheckpoints(folder).map(({ path: file }) => path.basename(file))).toContain(
      nameStepCheckpoint(3 * epoch),
    );
    expect(await runner.run('lincls')).toMatchObject({ state: 'done' });
    expect(readAll(folder)).toEqual(await trainWhole('lincls'));
  },
);

test('a comparison of two trainings names what is not the same', async () => {
  const [one, same, further] = [
    await prepare('pretrain'),
    await prepare('pretrain'),
    await prepare('pretrain'),
  ];
  for (const [runner, steps] of [
    [one, 4],
    [same, 4],
    [further, 5],
  ] as const)
    await stopAfter(runner, 'pretrain', steps);
  const compare = (other: StageRunner) =>
    compareTrainings(folderOf(one, 'pretrain'), folderOf(other, 'pretrain'), 'metrics.jsonl');
  expect(compare(same).flatMap(({ different }) => different)).toEqual([]);
  const parts = new Map(compare(further).map(({ what, different }) => [what, different]));
  expect(parts.get('query encoder: weights')).toContain('module.encoder_q.conv1.weight');
  expect(parts.get('queue and its pointer')).toEqual(['module.queue', 'module.queue_ptr']);
  expect(parts.get('optimizer: momentum')).toHaveLength(64);
  expect(parts.get('epoch, batch, meters, warnings')).toEqual([
    'position.batch',
    'position.meter',
    'position.metrics',
  ]);
});

test('with no sound checkpoint left, it says so and starts again, to the same bytes', async () => {
  const runner = await prepare('pretrain');
  await stopAfter(runner, 'pretrain', 8);
  const folder = folderOf(runner, 'pretrain');
  const names = [nameStepCheckpoint(8), nameCheckpoint(0)];
  for (const name of names) writeFileSync(path.join(folder, name), 'nothing');
  await runner.run('pretrain');
  expect(tellOwn(runner)).toEqual([
    ...names.map(
      (name) =>
        `Expected ${path.join(folder, name)} to have the checksum it was written with but it has none at its end. It is passed over, and is now ${name}.damaged.`,
    ),
    'No sound checkpoint is left: training starts again.',
  ]);
  const rest = Object.entries(readAll(folder)).filter(([name]) => !name.endsWith('.damaged'));
  expect(Object.fromEntries(rest)).toEqual(await trainWhole('pretrain'));
});

test('metrics that were changed since the checkpoint are told, and training goes on', async () => {
  const runner = await prepare('pretrain');
  await stopAfter(runner, 'pretrain', 14);
  const file = path.join(folderOf(runner, 'pretrain'), 'metrics.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"loss":\d/, '"loss":9'));
  expect(await runner.run('pretrain')).toMatchObject({ state: 'done' });
  expect(tellOwn(runner)).toEqual([
    'Expected metrics.jsonl to begin with the 3 rows that were there when the checkpoint was written but it has others. Training goes on all the same; rows may be missing.',
  ]);
});

test('in the middle of an epoch of other data it refuses to go on', async () => {
  const runner = await prepare('pretrain');
  await stopAfter(runner, 'pretrain', 2);
  const folder = folderOf(runner, 'pretrain');
  const other = createStageRunner(withTrainImages(112));
  const target = folderOf(other, 'pretrain');
  cpSync(folder, target, { recursive: true });
  const file = path.join(target, nameStepCheckpoint(2));
  await expect(other.run('pretrain')).rejects.toMatchObject({
    problems: [
      {
        code: 'STAGE_DATA_CHANGED',
        message: `Expected data of 6 batches an epoch, as ${file} was trained on, but now they have 7.`,
        hint: 'Bring the images back as they were, or delete the folder of the stage to train on the new ones from the start.',
      },
    ],
  });
});

function withTrainImages(train: number): ResolvedExperiment {
  const experiment = makeSmall();
  const [method] = experiment.methods;
  const { data } = method!.recipe;
  const recipe = { ...method!.recipe, data: { ...data, synthetic: { ...data.synthetic!, train } } };
  return { ...experiment, methods: [{ ...method!, recipe }] };
}
