// Trainings that really diverge: where they end, what they leave, and what they say.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import type { PretrainRecipe } from '../../src/config/schema/recipe.generated.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { refuseBroken } from '../../src/runs/checkpoint.ts';
import { changeLincls, createStageRunner, runKinds, type StageRunner } from '../helpers/run-stages.ts';

/** Two trainings whose rate is multiplied by `gamma` after the first epoch. */
function makeDiverging(gamma: number, changes: Partial<PretrainRecipe> = {}): ResolvedExperiment {
  const schedule = { policy: 'step' as const, milestones: [1], gamma };
  const experiment = changeLincls({
    checkpointing: { everyEpochs: 1, everyMinutes: 15, keep: 'best' },
    schedule,
  });
  const [method] = experiment.methods;
  return { ...experiment, methods: [{ ...method!, recipe: { ...method!.recipe, schedule, ...changes } }] };
}

async function problemOf(runner: StageRunner, kind: 'pretrain' | 'lincls') {
  const error = await runner.run(kind).catch((thrown: unknown) => thrown);
  if (!(error instanceof ProblemError)) throw error;
  return error.problems;
}

test('a pre-training that diverges ends at the step, keeps the checkpoint before it, and leaves the numbers of the step', async () => {
  const runner = createStageRunner(makeDiverging(1e22));
  expect(await problemOf(runner, 'pretrain')).toEqual([
    {
      code: 'STAGE_LOSS_NOT_FINITE',
      message:
        'Expected a finite loss but it is NaN at step 8 (epoch 2); the first value that is not finite is in bn1.running_var.',
      hint: 'Lower optimizer.lr, which is 600000000000000000000 here: MoCo v1 has 0.03 at batch 256, which by the linear rule is 0.001875 at 16. failed-step.json has the numbers of the step; the checkpoints before it are kept.',
    },
  ]);
  const folder = runner.folderOf(runner.find('pretrain'));
  expect(readdirSync(folder).filter((name) => name.includes('.pth.tar'))).toEqual([
    'checkpoint_0000.pth.tar',
  ]);
  refuseBroken(path.join(folder, 'checkpoint_0000.pth.tar'));
  const failed = JSON.parse(readFileSync(path.join(folder, 'failed-step.json'), 'utf8'));
  expect(failed).toMatchObject({ step: 8, epoch: 1, lr: 6e20, batchSize: 16, loss: 'NaN' });
  const [{ images, logits, firstNonFinite }] = failed.ranks;
  expect(new Set(images).size).toBe(16);
  expect(firstNonFinite).toBe('bn1.running_var');
  expect(logits['logits of positives']).toMatchObject({ count: 16, nonFinite: 16, min: null });
  // Of the 32 keys in the queue, 16 are those that this step has put there.
  expect(logits['logits of negatives'].count).toBe(16 * 16);
  expect(Object.keys(failed.gradients)).toHaveLength(64);
  expect(failed.gradients['conv1.weight']).toMatchObject({ count: 108, nonFinite: 108 });
});

test('weights that are no numbers any more, though the loss is one, get into no checkpoint', async () => {
  const runner = createStageRunner(
    makeDiverging(1, { optimizer: { lr: 1e30, momentum: 0.9, weightDecay: 0 } }),
  );
  expect(await problemOf(runner, 'pretrain')).toEqual([
    {
      code: 'STAGE_WEIGHTS_NOT_FINITE',
      message:
        'Expected finite values in a checkpoint but after step 6 108 of 108 in module.encoder_q.conv1.weight are not.',
      hint: 'Lower optimizer.lr, which is 1e+30 here: MoCo v1 has 0.03 at batch 256, which by the linear rule is 0.001875 at 16. This checkpoint was not written; those before it are kept.',
    },
  ]);
  const folder = runner.folderOf(runner.find('pretrain'));
  expect(readdirSync(folder).filter((name) => name.includes('.pth.tar'))).toEqual([]);
});

test('a linear classifier that diverges says what lr 30 is for, and keeps the one before', async () => {
  const runner = createStageRunner(makeDiverging(1e38, { method: 'untrained' }));
  await runKinds(runner, 'extract');
  expect(await problemOf(runner, 'lincls')).toEqual([
    {
      code: 'STAGE_LOSS_NOT_FINITE',
      message: 'Expected a finite loss but it is Infinity at step 5 (epoch 2).',
      hint: 'Lower optimizer.lr, which is 1e+38 here: MoCo v1 has 30 at batch 256, which by the linear rule is 3.75 at 32, and is for features of ImageNet pre-training. failed-step.json has the numbers of the step; the checkpoints before it are kept.',
    },
  ]);
  const folder = runner.folderOf(runner.find('lincls'));
  refuseBroken(path.join(folder, 'checkpoint.pth.tar'));
  const failed = JSON.parse(readFileSync(path.join(folder, 'failed-step.json'), 'utf8'));
  expect(failed).toMatchObject({ step: 5, epoch: 1, lr: 1e38, batchSize: 32, loss: 'Infinity' });
  expect(failed.ranks).toMatchObject([{ rank: 0, logits: { logits: { count: 32 * 4, nonFinite: 0 } } }]);
  expect(Object.keys(failed.gradients)).toEqual(['fc.weight', 'fc.bias']);
});
