// Where a training stands, beside its tensors: all that it needs to go on as if nothing had happened. It
// travels in the checkpoint as JSON, which keeps every number exactly and which torch.load reads as text.
// Random numbers need no place here: each stream is drawn anew from its name, epoch and step.

import { ProblemError } from '../core/problem.ts';
import type { BadImage } from '../data/bad-image.ts';
import type { MetricsMark } from '../runs/metrics-log.ts';
import type { MeterState, StepMeasure } from '../train/meter.ts';
import type { GivenWarning } from '../train/warnings/watch-training.ts';

export interface TrainingProgress {
  /** 0-based epoch. */
  readonly epoch: number;
  /** Batches of that epoch that are done; all of them at its end. */
  readonly batch: number;
  readonly batchesPerEpoch: number;
  /** All batches of the epoch are done, but what is measured after them is not. */
  readonly isEpochOpen?: true;
  /** Sums over the epoch's batches so far. */
  readonly meter: MeterState;
  /** How long the epoch has taken so far. */
  readonly epochTimeMs: number;
  readonly metrics: MetricsMark;
  /** What was warned of: each is said once a training. */
  readonly warnings: readonly GivenWarning[];
  /** Images that could not be read so far; absent where all could. */
  readonly badImages?: readonly BadImage[];
  /** Of linear classification: the held-out images' measures so far. */
  readonly scores?: Scores;
}

/** What an epoch measured on the held-out images. */
export interface Validated {
  /** 0-based. */
  readonly epoch: number;
  readonly measure: StepMeasure;
}

export interface Scores {
  readonly last: Validated;
  /** Of the highest top-1; the first of equals. */
  readonly best: Validated;
}

const KEY = 'progress';

/** Whole epochs, as the original's `epoch` counts them: the 0-based number of the next. */
export function countEpochs({ epoch, batch, batchesPerEpoch }: TrainingProgress): number {
  return batch === batchesPerEpoch ? epoch + 1 : epoch;
}

/** Steps of the whole training. */
export function countSteps({ epoch, batch, batchesPerEpoch }: TrainingProgress): number {
  return epoch * batchesPerEpoch + batch;
}

/** The entry of a checkpoint's `mocolab`. */
export function renderProgress(progress: TrainingProgress): readonly [string, string] {
  return [KEY, JSON.stringify(progress)];
}

/** What a checkpoint says of its training; undefined where another program wrote it. */
export function readProgress(content: unknown): TrainingProgress | undefined {
  const notes = content instanceof Map ? content.get('mocolab') : undefined;
  const text = notes instanceof Map ? notes.get(KEY) : undefined;
  return typeof text === 'string' ? (JSON.parse(text) as TrainingProgress) : undefined;
}

/** Throws STAGE_PROGRESS_MISSING: only our own checkpoints say where they stand, and in a stage's folder are no others. */
export function refuseNoProgress(
  progress: TrainingProgress | undefined,
  file: string,
): asserts progress is TrainingProgress {
  if (progress) return;
  throw new ProblemError({
    code: 'STAGE_PROGRESS_MISSING',
    message: `Expected ${file} to say under mocolab.progress where its training stood but it does not.`,
    hint: 'Another version or program wrote it. To go on from it, name it in resume; else delete the folder of the stage to run it again.',
  });
}

/** Throws STAGE_DATA_CHANGED: in the middle of an epoch of other images there is nothing to go on with. */
export function refuseOtherData(
  { batchesPerEpoch }: Pick<TrainingProgress, 'batchesPerEpoch'>,
  { now, file }: { readonly now: number; readonly file: string },
): void {
  if (batchesPerEpoch === now) return;
  throw new ProblemError({
    code: 'STAGE_DATA_CHANGED',
    message: `Expected data of ${batchesPerEpoch} batches an epoch, as ${file} was trained on, but now they have ${now}.`,
    hint: 'Bring the images back as they were, or delete the folder of the stage to train on the new ones from the start.',
  });
}
