// A step whose loss is no finite number ends a training: what follows would be worth nothing. The step's numbers are
// left in a file, and nothing that is not finite gets into a checkpoint, so that the last one is good.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { PAPER_RATES, scaleRate } from '../config/linear-rule.ts';
import type { HostTensor } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import type { BadImage } from '../data/bad-image.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { type StepExamination, summarise } from '../train/examine-step.ts';
import type { StepMeasure } from '../train/meter.ts';
import type { Measured, RankTeam } from './rank-team.ts';
import type { StageContext } from './stage-context.ts';
import { FAILED_STEP_FILE } from './stage-files.ts';

type Trained = StageContext<'pretrain'> | StageContext<'lincls'>;

/** A step that was taken, seen from one rank. */
export interface StepTaken {
  /** How many were done before it. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  readonly lr: number;
  /** Of this rank: indices into the data set. */
  readonly indices: Int32Array;
  /** Of these, which could not be read. */
  readonly bad: readonly BadImage[];
}

/** Forgets the failure of an earlier run. */
export function clearFailedStep({ folder }: Pick<StageContext, 'folder'>): void {
  rmSync(path.join(folder, FAILED_STEP_FILE), { force: true });
}

interface Training {
  readonly context: Trained;
  readonly team: RankTeam;
}

/**
 * What all ranks have measured of a step; every rank calls it after every step. Throws STAGE_LOSS_NOT_FINITE, after
 * leaving FAILED_STEP_FILE.
 *
 * @param own what this rank has measured
 */
export async function shareStep(
  training: Training,
  taken: StepTaken,
  { own, examine }: { readonly own: StepMeasure; readonly examine: () => Promise<StepExamination> },
): Promise<Measured> {
  const shared = await training.team.share({ measure: own, images: taken.indices.length, bad: taken.bad });
  const { loss } = shared.measure;
  if (!Number.isFinite(loss)) await refuseStep(training, taken, { ...(await examine()), own, loss });
  return shared;
}

/** `loss`: of all ranks together; the rest is of this one, but for the gradients. */
interface ExaminedLoss extends StepExamination {
  readonly own: StepMeasure;
  readonly loss: number;
}

async function refuseStep(
  { context, team }: Training,
  { step: before, epoch, lr, indices }: StepTaken,
  { own, loss, logits, gradients, firstNonFinite }: ExaminedLoss,
): Promise<never> {
  const step = before + 1;
  const { rank } = team.collectives;
  const ranks = await team.collectives.gatherValues({
    ...{ rank, loss: String(own.loss), images: Array.from(indices), logits, firstNonFinite },
  });
  if (team.keepsFiles) {
    const { batchSize } = context.config.recipe;
    // Gradients are those of all ranks together.
    const report = { step, epoch, lr, batchSize, loss: String(loss), ranks, gradients };
    writeFileAtomic(path.join(context.folder, FAILED_STEP_FILE), [`${JSON.stringify(report, null, 1)}\n`]);
  }
  // Whoever ends first ends all: not before the file is there.
  await team.agree();
  const place = ranks.find((each) => each.firstNonFinite)?.firstNonFinite;
  throw new ProblemError({
    code: 'STAGE_LOSS_NOT_FINITE',
    message: `Expected a finite loss but it is ${loss} at step ${step} (epoch ${epoch + 1})${place ? `; the first value that is not finite is in ${place}` : ''}.`,
    hint: `${hintAtRate(context, lr)} ${FAILED_STEP_FILE} has the numbers of the step; the checkpoints before it are kept.`,
  });
}

/** Throws STAGE_WEIGHTS_NOT_FINITE: such a checkpoint would take the place of a good one. */
export function refuseNonFiniteTensors(
  context: Trained,
  tensors: Iterable<readonly [string, HostTensor]>,
  { step, lr }: { readonly step: number; readonly lr: number },
): void {
  for (const [name, { values }] of tensors) {
    if (!(values instanceof Float32Array) || holdsOnlyFinite(values)) continue;
    const { nonFinite, count } = summarise(values);
    throw new ProblemError({
      code: 'STAGE_WEIGHTS_NOT_FINITE',
      message: `Expected finite values in a checkpoint but after step ${step} ${nonFinite} of ${count} in ${name} are not.`,
      hint: `${hintAtRate(context, lr)} This checkpoint was not written; those before it are kept.`,
    });
  }
}

/** One pass without branches: NaN minus NaN and infinity minus infinity are NaN. */
function holdsOnlyFinite(values: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i]! - values[i]!;
  return zero === 0;
}

function hintAtRate({ config: { kind, recipe } }: Trained, lr: number): string {
  const paper = PAPER_RATES[kind];
  const { batchSize } = recipe;
  const rule = `MoCo v1 has ${paper.lr} at batch ${paper.batchSize}, which by the linear rule is ${scaleRate(paper, batchSize)} at ${batchSize}`;
  const rest = kind === 'lincls' ? ', and is for features of ImageNet pre-training' : '';
  return `Lower optimizer.lr, which is ${lr} here: ${rule}${rest}.`;
}
