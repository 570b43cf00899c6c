// Checkpoints of the stages: what stays, what is gone on from, and what is refused.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import type { PretrainRecipe } from '../../src/config/schema/recipe.generated.ts';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { withTensors } from '../../src/files/open-tensors.ts';
import { PyOrderedDict } from '../../src/files/pickle/python-values.ts';
import { toStored } from '../../src/files/stored-tensor.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { nameCheckpoint, writeTorchFile } from '../../src/runs/checkpoint.ts';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { makeFolder } from '../helpers/make-record.ts';
import {
  changeLincls,
  createStageRunner,
  makeTinyExperiment,
  type StageRunner,
} from '../helpers/run-stages.ts';

function changePretrain(changes: Partial<PretrainRecipe>): ResolvedExperiment {
  const experiment = makeTinyExperiment();
  const [method] = experiment.methods;
  return { ...experiment, methods: [{ ...method!, recipe: { ...method!.recipe, ...changes } }] };
}

const folderOf = (runner: StageRunner, kind: 'pretrain' | 'lincls') => runner.folderOf(runner.find(kind));
const checkpointsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.pth.tar'));
const steady: PretrainRecipe['schedule'] = { policy: 'constant', milestones: [], gamma: 0.1 };

async function problemOf(run: Promise<unknown>) {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw error ?? new Error('Nothing was thrown.');
  return error.problems[0];
}

let trained: Promise<Buffer> | undefined;

/** Bytes of the checkpoint after two epochs of the tiny recipe, trained once for all tests. */
function trainOnce(): Promise<Buffer> {
  trained ??= (async () => {
    const runner = createStageRunner(changePretrain({ schedule: steady }));
    await runner.run('pretrain');
    return readFileSync(path.join(folderOf(runner, 'pretrain'), nameCheckpoint(1)));
  })();
  return trained;
}

/** A runner that has its encoder extracted. */
async function createExtracted(experiment: ResolvedExperiment): Promise<StageRunner> {
  const runner = createStageRunner(experiment);
  mkdirSync(folderOf(runner, 'pretrain'), { recursive: true });
  writeFileSync(path.join(folderOf(runner, 'pretrain'), nameCheckpoint(1)), await trainOnce());
  await runner.run('extract');
  return runner;
}

describe('what stays', () => {
  test('of pre-training: what keep says, and it is among the outputs', async () => {
    const runner = createStageRunner(
      changePretrain({ epochs: 3, checkpointing: { everyEpochs: 1, everyMinutes: 15, keep: 'every 2' } }),
    );
    const outcome = await runner.run('pretrain');
    expect(checkpointsIn(folderOf(runner, 'pretrain'))).toEqual([1, 2].map(nameCheckpoint));
    expect(outcome).toMatchObject({ outputs: [...[1, 2].map(nameCheckpoint), 'metrics.jsonl'] });
  });

  const cases: [string, string[]][] = [
    ['last', ['checkpoint.pth.tar']],
    ['best', ['checkpoint.pth.tar', 'model_best.pth.tar']],
    ['every 2', ['checkpoint.pth.tar', 'checkpoint_0001.pth.tar', 'model_best.pth.tar']],
    ['all', ['checkpoint.pth.tar', ...[0, 1, 2].map(nameCheckpoint), 'model_best.pth.tar']],
  ];
  test.each(cases)('of linear classification with keep: %s', async (keep, expected) => {
    const runner = await createExtracted(
      changeLincls({ checkpointing: { everyEpochs: 1, everyMinutes: 15, keep } }),
    );
    const outcome = await runner.run('lincls');
    expect(checkpointsIn(folderOf(runner, 'lincls')).sort()).toEqual(expected);
    const outputs = outcome.state === 'done' ? [...outcome.outputs].sort() : [];
    expect(outputs).toEqual([...expected, 'metrics.jsonl'].sort());
  });

  test('model_best is the classifier of the best epoch, also where checkpoints are rarer', async () => {
    const often = await createExtracted(
      changeLincls({ checkpointing: { everyEpochs: 1, everyMinutes: 15, keep: 'all' } }),
    );
    const rarely = await createExtracted(
      changeLincls({ checkpointing: { everyEpochs: 10, everyMinutes: 15, keep: 'best' } }),
    );
    for (const runner of [often, rarely]) await runner.run('lincls');
    const val = readMetricsLog(path.join(folderOf(often, 'lincls'), 'metrics.jsonl')).filter(
      ({ split }) => split === 'val',
    );
    const accuracies = val.map(({ acc1 }) => Number(acc1));
    const best = accuracies.indexOf(Math.max(...accuracies));
    const bestFile = readTensorFile(path.join(folderOf(rarely, 'lincls'), 'model_best.pth.tar'));
    expect(bestFile.metadata.epoch).toBe(String(best + 1));
    expect(bestFile).toEqual(readTensorFile(path.join(folderOf(often, 'lincls'), nameCheckpoint(best))));
  });
});

describe('linear classification', () => {
  test('stopped in an epoch goes on to the same bits', async () => {
    const experiment = changeLincls({
      epochs: 4,
      checkpointing: { everyEpochs: 2, everyMinutes: 15, keep: 'best' },
    });
    const whole = await createExtracted(experiment);
    const expected = await whole.run('lincls');
    const broken = await createExtracted(experiment);
    const stopped = await broken.run('lincls', {
      onProgress: ({ epoch = 0 }, stop) => {
        if (epoch === 4) stop.abort();
      },
    });
    expect(stopped).toEqual({ state: 'stopped' });
    const steps: number[] = [];
    const outcome = await broken.run('lincls', {
      onProgress: ({ phase, epoch = 0 }) => void (phase === 'train' && steps.push(epoch)),
    });
    expect(new Set(steps)).toEqual(new Set([4]));
    expect(outcome).toMatchObject({ metrics: expected.state === 'done' ? expected.metrics : {} });
    const [a, b] = [whole, broken].map((runner) => folderOf(runner, 'lincls')) as [string, string];
    const rows = (folder: string) => renderWithoutTimes(readMetricsLog(path.join(folder, 'metrics.jsonl')));
    expect(rows(b)).toBe(rows(a));
    for (const name of ['checkpoint.pth.tar', 'model_best.pth.tar']) {
      expect(readTensorFile(path.join(b, name))).toEqual(readTensorFile(path.join(a, name)));
    }
  });

  test('refuses a checkpoint of its own that was changed', async () => {
    const runner = await createExtracted(makeTinyExperiment());
    await runner.run('lincls');
    const file = path.join(folderOf(runner, 'lincls'), 'checkpoint.pth.tar');
    writeTorchFile(
      file,
      new Map([
        [
          'state_dict',
          new Map([['w', toStored({ dtype: 'int64', shape: [1], values: BigInt64Array.of(1n) })]]),
        ],
      ]),
    );
    expect(await problemOf(runner.run('lincls'))).toEqual({
      code: 'STAGE_PROGRESS_MISSING',
      message: `Expected ${file} to say under mocolab.progress where its training stood but it does not.`,
      hint: 'Another version or program wrote it. To go on from it, name it in resume; else delete the folder of the stage to run it again.',
    });
  });
});

describe('resume', () => {
  /** The checkpoint of two epochs, in a file that a test may change. */
  async function trainTwo(): Promise<string> {
    const file = path.join(makeFolder(), nameCheckpoint(1));
    writeFileSync(file, await trainOnce());
    return file;
  }

  /** The file with something changed. */
  function change(
    file: string,
    edit: (content: Map<string, unknown>, state: Map<unknown, unknown>) => void,
  ): void {
    const content = withTensors(file, (source) => {
      const top = new Map(source.content as Map<string, unknown>);
      const keep = (tensor: HostTensor) => toStored(tensor);
      const { tensors } = readTensorFile(file);
      const state = new PyOrderedDict([...tensors].map(([name, tensor]) => [name, keep(tensor)]));
      top.set('state_dict', state);
      top.set(
        'optimizer',
        new Map<string, unknown>([
          ['state', new Map()],
          ['param_groups', []],
        ]),
      );
      edit(top, state);
      return top;
    });
    content.delete('best_acc1');
    writeTorchFile(file, content);
  }

  const goOn = (resume: string, changes: Partial<PretrainRecipe> = {}) =>
    createStageRunner(changePretrain({ epochs: 3, schedule: steady, resume, ...changes }));

  test('goes on from a checkpoint to the bits of a training in one go', async () => {
    const resumed = goOn(await trainTwo());
    expect(await resumed.run('pretrain')).toMatchObject({ state: 'done', images: 96 });
    const whole = createStageRunner(changePretrain({ epochs: 3, schedule: steady }));
    await whole.run('pretrain');
    const read = (runner: StageRunner) => {
      const file = path.join(folderOf(runner, 'pretrain'), nameCheckpoint(2));
      return withTensors(file, ({ content, tensors }) => {
        const optimizer = (
          content as Map<string, Map<string, Map<bigint, Map<string, { read(): Uint8Array }>>>>
        ).get('optimizer')!;
        const buffers = [...optimizer.get('state')!.values()].map((entry) =>
          entry.get('momentum_buffer')!.read(),
        );
        return { tensors: [...tensors].map(([name, tensor]) => [name, tensor.read()]), buffers };
      });
    };
    expect(read(resumed)).toEqual(read(whole));
  });

  test('a checkpoint without momentum, as before the first step, starts it from zero', async () => {
    const file = await trainTwo();
    change(file, () => {});
    expect(await goOn(file).run('pretrain')).toMatchObject({ state: 'done' });
  });

  const hint =
    'To go on needs a checkpoint of the same model, moco and optimizer settings. `moco inspect FILE` shows what it holds.';
  const wrong: [string, (content: Map<string, unknown>, state: Map<unknown, unknown>) => void, string][] = [
    [
      'a queue of another size',
      (_, state) =>
        state.set(
          'module.queue',
          toStored({ dtype: 'float32', shape: [16, 64], values: new Float32Array(1024) }),
        ),
      'Expected module.queue to be float32 [16,32], as moco.dim and moco.queueSize say, in FILE but it is float32 [16,64].',
    ],
    [
      'no queue',
      (_, state) => state.delete('module.queue'),
      'Expected module.queue to be float32 [16,32], as moco.dim and moco.queueSize say, in FILE but there is none.',
    ],
    [
      'a pointer beyond the queue',
      (_, state) =>
        state.set(
          'module.queue_ptr',
          toStored({ dtype: 'int64', shape: [1], values: BigInt64Array.of(32n) }),
        ),
      'Expected module.queue_ptr to be int64 [1] below 32 in FILE but it is int64 [1] 32.',
    ],
    [
      'no optimiser',
      (content) => content.delete('optimizer'),
      'Expected the state of torch.optim.SGD under optimizer in FILE but there is none.',
    ],
    [
      'momentum of another shape',
      (content) => {
        const buffer = toStored({ dtype: 'float32', shape: [3], values: new Float32Array(3) });
        content.set(
          'optimizer',
          new Map([['state', new Map([[0n, new Map([['momentum_buffer', buffer]])]])]]),
        );
      },
      'Expected the momentum of conv1.weight, parameter 0, to be float32 [4,3,3,3] in FILE but it is float32 [3].',
    ],
    [
      'no epoch',
      (content) => content.delete('epoch'),
      'Expected the number of epochs done under epoch in FILE but there is none.',
    ],
  ];
  test.each(wrong)('refuses %s', async (_, edit, message) => {
    const file = await trainTwo();
    change(file, edit);
    expect(await problemOf(goOn(file).run('pretrain'))).toEqual({
      code: 'STAGE_CHECKPOINT_MISMATCH',
      message: message.replace('FILE', file),
      hint,
    });
  });

  test('refuses another network by its tensors', async () => {
    const file = await trainTwo();
    const model = { arch: 'resnet18', stem: 'cifar', width: 8, bn: 'plain' } as const;
    expect(await problemOf(goOn(file, { model }).run('pretrain'))).toMatchObject({
      code: 'MODEL_STATE_MISMATCH',
    });
  });

  test('refuses a checkpoint that has had as many epochs already', async () => {
    const file = await trainTwo();
    expect(await problemOf(goOn(file, { epochs: 2 }).run('pretrain'))).toEqual({
      code: 'STAGE_CHECKPOINT_TOO_FAR',
      message: `Expected a checkpoint of fewer than 2 epochs, as epochs says, but ${file} has had 2.`,
      hint: 'Raise epochs, or judge it as it is with method: pretrained and checkpoint.',
    });
  });

  test('is part of what the stage is: by its content, not by its name', () => {
    const fingerprintOf = (changes: Partial<PretrainRecipe>, checkpointSha256?: string) => {
      const experiment = changePretrain(changes);
      const [method] = experiment.methods;
      const methods = [checkpointSha256 === undefined ? method! : { ...method!, checkpointSha256 }];
      return compilePlan({ ...experiment, methods }, {}).stages.find(({ kind }) => kind === 'pretrain')!
        .fingerprint;
    };
    const one = fingerprintOf({ resume: 'a.pth.tar' }, '11');
    expect(fingerprintOf({ resume: 'b.pth.tar' }, '11')).toBe(one);
    expect(new Set([one, fingerprintOf({ resume: 'a.pth.tar' }, '22'), fingerprintOf({})]).size).toBe(3);
  });
});
