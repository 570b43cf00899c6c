// The linear classifier on frozen features: one fully connected layer, softmax cross-entropy, SGD.
// MoCo v1 §4.1: fc ~ N(0, 0.01), bias 0, no weight decay, lr 30.

import type { OptimizerConfig } from '../config/schema/recipe.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import { stream } from '../core/rng.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import { createSingleRank } from '../engine/collectives/single-rank.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { computeAccuracy } from './accuracy.ts';
import { findNonFinite, type StepExamination, summarise, summariseTensors } from './examine-step.ts';
import type { StepMeasure } from './meter.ts';
import { createSgd } from './sgd.ts';

export interface LinearProbeOptions {
  readonly engine: Engine;
  readonly featureDim: number;
  readonly classes: number;
  readonly optimizer: OptimizerConfig;
  /** Standard deviation of the start weights. */
  readonly initStd: number;
  readonly seed: number;
  /** The ranks that train together, this one among them; absent: it trains alone. */
  readonly collectives?: Collectives;
}

export interface LinearStep {
  readonly lr: number;
  /** Of the whole batch. */
  readonly images: number;
  /** Is told the measure while the step's tensors are still there to be examined. */
  readonly onMeasure?: (measure: StepMeasure, examine: () => Promise<StepExamination>) => Promise<void>;
}

export interface LinearProbe {
  /**
   * One step on features [n, featureDim], this rank's part of a batch of `images`; measures before the update, as
   * the original does. Top-5 is top-M of M < 5 classes. A rank without images measures NaN.
   */
  trainStep(features: tf.Tensor2D, labels: Int32Array, step: LinearStep): Promise<StepMeasure>;
  measure(
    features: tf.Tensor2D,
    labels: Int32Array,
  ): Promise<StepMeasure & { readonly logits: Float32Array }>;
  /** `fc.weight` [classes, featureDim] and `fc.bias`, in PyTorch's layout. */
  toTensors(): Promise<TensorMap>;
  /** SGD's velocities of the two, under their names and in the same layout. */
  toVelocities(): Promise<TensorMap>;
  loadTensors(tensors: TensorMap, velocities?: TensorMap): void;
  /** Gives every rank the classifier and the velocities of rank 0. */
  replicate(): Promise<void>;
  /** What has the same bits on every rank after every step. */
  readonly replicated: { readonly [what: string]: readonly tf.Tensor[] };
  dispose(): void;
}

export function createLinearProbe(options: LinearProbeOptions): LinearProbe {
  const { engine, featureDim, classes, optimizer, initStd, seed } = options;
  const { collectives = createSingleRank() } = options;
  const rng = stream(seed, 'linear-probe');
  const start = Float32Array.from({ length: featureDim * classes }, () => initStd * rng.normal());
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(start, [featureDim, classes])));
  const bias = tf.tidy(() => tf.variable(tf.zeros([classes])));
  const sgd = createSgd(engine, [weight, bias], optimizer);
  const forward = (features: tf.Tensor2D) =>
    engine.ops.linear(features, weight as tf.Tensor2D, bias as unknown as tf.Tensor1D);
  const computeOwn = (features: tf.Tensor2D, labels: Int32Array): OwnStep => {
    const target = tf.tensor1d(labels, 'int32');
    let logits: tf.Tensor2D | undefined;
    const step = engine.ops.computeGradients(() => {
      logits = tf.keep(forward(features));
      return engine.ops.softmaxCrossEntropy(logits, target);
    }, [weight, bias]);
    target.dispose();
    return { ...step, logits: logits! };
  };

  return {
    trainStep: async (features, labels, { lr, images, onMeasure }) => {
      const own = labels.length > 0 ? computeOwn(features, labels) : undefined;
      const gradients = await addUp(collectives, own?.gradients ?? [weight, bias], labels.length / images);
      sgd.step(gradients, lr);
      const measure = own ? await readMeasure(own, labels, classes) : NOTHING_MEASURED;
      await onMeasure?.(measure, () => examine({ features, logits: own?.logits, gradients }));
      tf.dispose([...gradients, ...(own ? [own.loss, own.logits, ...own.gradients] : [])]);
      return measure;
    },
    measure: async (features, labels) => {
      const [logits, loss] = tf.tidy(() => {
        const out = forward(features);
        return [out, engine.ops.softmaxCrossEntropy(out, tf.tensor1d(labels, 'int32'))] as const;
      }) as unknown as [tf.Tensor2D, tf.Scalar];
      const values = (await logits.data()) as Float32Array;
      const measure = {
        loss: (await loss.data())[0]!,
        ...accuracies(values, labels, classes),
        logits: values,
      };
      tf.dispose([logits, loss]);
      return measure;
    },
    toTensors: () => readPair(weight, bias),
    toVelocities: () => readPair(sgd.velocities[0]!, sgd.velocities[1]!),
    loadTensors: (tensors, velocities) => {
      assignPair([weight, bias], tensors);
      if (velocities) assignPair([sgd.velocities[0]!, sgd.velocities[1]!], velocities);
    },
    replicate: async () => {
      const variables = [weight, bias, ...sgd.velocities];
      const sent = await collectives.broadcast(variables as unknown as tf.Tensor[]);
      for (const [i, variable] of variables.entries()) variable.assign(sent[i]!);
      tf.dispose(sent);
    },
    replicated: { 'the classifier': [weight, bias] as unknown as tf.Tensor[] },
    dispose: () => {
      sgd.dispose();
      tf.dispose([weight, bias]);
    },
  };
}

/** Loss, logits and gradients of this rank's images. */
interface OwnStep {
  readonly loss: tf.Scalar;
  readonly logits: tf.Tensor2D;
  readonly gradients: readonly tf.Tensor[];
}

/** `logits`: of a rank with images. */
async function examine({
  features,
  logits,
  gradients,
}: {
  readonly features: tf.Tensor2D;
  readonly logits: tf.Tensor2D | undefined;
  readonly gradients: readonly tf.Tensor[];
}): Promise<StepExamination> {
  const ofLogits = summarise(logits ? await logits.data() : []);
  const byParameter = await summariseTensors(gradients, PARAMETER_NAMES);
  const ofFeatures = summarise(await features.data());
  const backward = PARAMETER_NAMES.map((name) => [`the gradient of ${name}`, byParameter[name]!] as const);
  const places = [['the features', ofFeatures], ['the logits', ofLogits], ...backward] as const;
  return { logits: { logits: ofLogits }, gradients: byParameter, firstNonFinite: findNonFinite(places) };
}

const PARAMETER_NAMES = ['fc.weight', 'fc.bias'];

const NOTHING_MEASURED: StepMeasure = { loss: Number.NaN, acc1: Number.NaN, acc5: Number.NaN };

/** The mean over a batch's images of the gradients of all ranks; `share`: which part of them are this one's. */
async function addUp(
  collectives: Collectives,
  own: readonly (tf.Tensor | tf.Variable)[],
  share: number,
): Promise<tf.Tensor[]> {
  if (collectives.ranks === 1) return own.map((gradient) => tf.clone(gradient as tf.Tensor));
  const parts = tf.tidy(() => own.map((gradient) => tf.mul(gradient as tf.Tensor, share)));
  const sums = await collectives.allReduceSum(parts);
  tf.dispose(parts);
  return sums;
}

async function readMeasure(
  { loss, logits }: OwnStep,
  labels: Int32Array,
  classes: number,
): Promise<StepMeasure> {
  const values = (await logits.data()) as Float32Array;
  return { loss: (await loss.data())[0]!, ...accuracies(values, labels, classes) };
}

/** Weight [featureDim, classes] and bias, in PyTorch's layout: [classes, featureDim]. */
async function readPair(weight: tf.Variable, bias: tf.Variable): Promise<TensorMap> {
  const transposed = tf.tidy(() => tf.transpose(weight as tf.Tensor2D)); // [classes, featureDim]
  const values = (await transposed.data()) as Float32Array;
  transposed.dispose();
  return new Map([
    ['fc.weight', { dtype: 'float32', shape: transposed.shape, values }],
    ['fc.bias', { dtype: 'float32', shape: bias.shape, values: (await bias.data()) as Float32Array }],
  ]);
}

function assignPair([weight, bias]: readonly [tf.Variable, tf.Variable], tensors: TensorMap): void {
  const [featureDim, classes] = weight.shape as [number, number];
  tf.tidy(() => {
    const stored = tensors.get('fc.weight')!.values as Float32Array;
    weight.assign(tf.transpose(tf.tensor2d(stored, [classes, featureDim])));
    bias.assign(tf.tensor1d(tensors.get('fc.bias')!.values as Float32Array));
  });
}

function accuracies(logits: Float32Array, labels: Int32Array, classes: number) {
  const [acc1, acc5] = computeAccuracy(logits, labels, { ks: [1, Math.min(5, classes)], classes });
  return { acc1: acc1!, acc5: acc5! };
}
