// MoCo's step as one that the engine may record and replay, as it does on an NVIDIA GPU.

import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import type { StepMeasure } from '../train/meter.ts';
import { readMeasure } from './step-detail.ts';
import { type StepBatch, type StepInputs, type StepTensors, withStepInputs } from './step-tensors.ts';

export interface CapturedTraining {
  /**
   * Computes what `Moco.trainStep` computes. The next may be given before the measure of this one is awaited; the
   * batch may be disposed once this has returned.
   */
  trainStep(batch: StepBatch): Promise<StepMeasure>;
  dispose(): void;
}

interface Captured {
  readonly engine: Engine;
  readonly ranks: number;
  /** What a step of N images changes that is no tensor; returns the columns of the queue where its keys go. */
  readonly advance: (N: number) => number[];
  readonly takeStep: (inputs: StepInputs) => StepTensors;
}

/** Throws where several ranks train together: what they exchange is not recorded. */
export function captureTraining({ engine, ranks, advance, takeStep }: Captured): CapturedTraining {
  if (ranks > 1) throw new Error(`a step of ${ranks} ranks can't be captured`);
  const step = engine.capture((inputs: StepInputs) => {
    const { loss, ranks: beaten, gradients, queries, keys } = takeStep(inputs);
    tf.dispose([...beaten.slice(1), ...gradients, ...queries, ...keys]);
    return { loss, rank: beaten[0]! };
  });
  return {
    trainStep: async (batch) => {
      const columns = advance(batch.order.length);
      const { loss, rank } = withStepInputs(batch, columns, step.run);
      const measure = await readMeasure(loss, rank);
      tf.dispose([loss, rank]);
      return measure;
    },
    dispose: step.dispose,
  };
}
