// Recomputes a case of make_lincls_golden.py: linear classification on a frozen encoder, and weighted kNN.
// The file has no float32 run to measure rounding by, so each tolerance says where it comes from.

import type { KnnCase, LinclsCase, LinclsCaseStep } from '../config/schema/parity.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createEncoder, type Encoder } from '../model/encoder.ts';
import { listState } from '../model/parameter-list.ts';
import { computeAccuracy } from '../train/accuracy.ts';
import { classifyByNeighbours, type LabelledFeatures, normaliseFeatures } from '../train/knn.ts';
import { createLinearProbe, type LinearProbe } from '../train/linear-probe.ts';
import { type Comparison, compare } from './comparison.ts';
import { fillState, makeImages, noise } from './formulas.ts';
import { float32, normOf } from './host-tensors.ts';
import { FLOOR } from './tolerance.ts';

/** Runs the case's steps and its vote. `onStep` is told the 0-based step before it. */
export async function runLinclsCase(
  engine: Engine,
  given: LinclsCase,
  onStep: (step: number) => void = () => {},
): Promise<Comparison[]> {
  const { config, lincls, knn } = given;
  const encoder = createCaseEncoder(engine, config);
  const probe = createCaseProbe(engine, config, encoder.featureDim);
  const comparisons: Comparison[] = [];
  for (const [step, theirs] of lincls.entries()) {
    onStep(step);
    const features = tf.tidy(() => encoder.extractFeatures(imagesOf(config, step)));
    comparisons.push(...(await compareStep(step, { config, probe, features, theirs })));
    features.dispose();
  }
  probe.dispose();
  encoder.dispose();
  return [...comparisons, ...(await compareVotes(engine, knn))];
}

type Config = LinclsCase['config'];

function imagesOf({ batch: n, size }: Config, step: number): tf.Tensor4D {
  return tf.tensor4d(makeImages(1, { step, n, size }), [n, size, size, 3]);
}

/** One pass in training mode, over the images of step 100, sets the running statistics. */
function createCaseEncoder(engine: Engine, config: Config): Encoder {
  const model = { arch: config.arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const encoder = createEncoder({ engine, model, seed: 0 });
  encoder.loadTensors(fillState(listState(model, undefined)));
  tf.dispose(tf.tidy(() => encoder.encode(imagesOf(config, 100), { training: true })));
  return encoder;
}

function createCaseProbe(engine: Engine, { classes, lr }: Config, featureDim: number): LinearProbe {
  const optimizer = { lr, momentum: 0.9, weightDecay: 0 };
  const probe = createLinearProbe({ engine, featureDim, classes, optimizer, initStd: 0, seed: 0 });
  const weight = Float32Array.from(noise(11, classes * featureDim).map((w) => 0.01 * w));
  const start: TensorMap = new Map([
    ['fc.weight', float32([classes, featureDim], weight)],
    ['fc.bias', float32([classes], new Float32Array(classes))],
  ]);
  probe.loadTensors(start);
  return probe;
}

/** Percent; the same count divided in another order. */
const FLOAT64_ROUNDING = 1e-9;

async function compareStep(
  step: number,
  {
    config,
    probe,
    features,
    theirs,
  }: {
    readonly config: Config;
    readonly probe: LinearProbe;
    readonly features: tf.Tensor2D;
    readonly theirs: LinclsCaseStep;
  },
): Promise<Comparison[]> {
  const { batch, classes, lr } = config;
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 3) % classes);
  const { logits } = await probe.measure(features, labels);
  const { loss } = await probe.trainStep(features, labels, { lr, images: labels.length });
  const tensors = await probe.toTensors();
  const [acc1, acc3] = computeAccuracy(logits, labels, { ks: [1, 3], classes }) as [number, number];
  const at = `step ${step}`;
  // A loss is a difference of logits, and a logit a sum that may cancel: both round with the largest logit.
  const scale = Math.max(Math.abs(theirs.loss), ...theirs.logits_head.map(Math.abs));
  return [
    compare({ group: 'loss', at }, loss, theirs.loss, FLOOR * scale),
    compare({ group: 'accuracy', at: `${at} top-1` }, acc1, theirs.acc1, FLOAT64_ROUNDING),
    compare({ group: 'accuracy', at: `${at} top-3` }, acc3, theirs.acc3, FLOAT64_ROUNDING),
    compare(
      { group: 'norm of fc.weight', at },
      normOf(tensors.get('fc.weight')!),
      theirs.fc_weight_norm,
      FLOOR * theirs.fc_weight_norm,
    ),
    ...compareAll({ group: 'fc.bias', at }, tensors.get('fc.bias')!.values as Float32Array, theirs.fc_bias),
    ...compareAll({ group: 'logits of two images', at }, logits, theirs.logits_head),
  ];
}

/** Values of one tensor: each rounds with the largest. */
function compareAll(
  { group, at }: Pick<Comparison, 'group' | 'at'>,
  ours: Float32Array | Float64Array,
  theirs: readonly number[],
): Comparison[] {
  const tolerance = FLOOR * Math.max(...theirs.map(Math.abs));
  return theirs.map((value, i) => compare({ group, at: `${at} [${i}]` }, ours[i]!, value, tolerance));
}

const FEATURE_DIM = 32;
const KNN_CLASSES = 10;

async function compareVotes(
  engine: Engine,
  { k, t, predicted, scores_head }: KnnCase,
): Promise<Comparison[]> {
  const features = (key: number, rows: number, labels: Int32Array): LabelledFeatures => {
    const values = Float32Array.from(noise(key, rows * FEATURE_DIM));
    normaliseFeatures(values, FEATURE_DIM);
    return { values, featureDim: FEATURE_DIM, labels };
  };
  const ours = await classifyByNeighbours(engine, {
    bank: features(
      21,
      200,
      Int32Array.from({ length: 200 }, (_, i) => (i * 7) % KNN_CLASSES),
    ),
    queries: features(22, 20, new Int32Array(20)),
    options: { k, temperature: t, classes: KNN_CLASSES },
  });
  // A similarity is off by a rounding of float32 or so; exp(similarity / t) makes that 1 / t times as much.
  const share = FLOOR + (10 * 2 ** -24) / t;
  return [
    ...predicted.map((label, i) =>
      compare({ group: 'kNN prediction', at: `query ${i}` }, ours.predicted[i]!, label, 0),
    ),
    ...scores_head.map((score, i) =>
      compare({ group: 'kNN score', at: `class ${i}` }, ours.scores[i]!, score, share * Math.abs(score)),
    ),
  ];
}
