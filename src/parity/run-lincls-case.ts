// Recomputes a case of make_lincls_golden.py: linear classification on a frozen encoder, and weighted kNN.
// The file has no float32 run to measure rounding by. It is measured here: a second classifier sees the same images
// a rounding of float32 away. Where softmax saturates, that is much more than a rounding of what is compared.

import type { LinclsCase, LinclsCaseStep } from '../config/schema/parity.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { createEncoder, type Encoder } from '../model/encoder.ts';
import { listState } from '../model/parameter-list.ts';
import { computeAccuracy } from '../train/accuracy.ts';
import { createLinearProbe, type LinearProbe } from '../train/linear-probe.ts';
import { compareVotes } from './compare-votes.ts';
import { type Comparison, compare } from './comparison.ts';
import { disturb, fillState, makeImages, noise } from './formulas.ts';
import { float32, normOf } from './host-tensors.ts';
import { FLOOR, TIMES } from './tolerance.ts';

/** Runs the case's steps and its vote. `onStep` is told the 0-based step before it. */
export async function runLinclsCase(
  engine: Engine,
  given: LinclsCase,
  onStep: (step: number) => void = () => {},
): Promise<Comparison[]> {
  const { config, lincls, knn } = given;
  const encoder = createCaseEncoder(engine, config);
  const probes = [0, 1].map(() => createCaseProbe(engine, config, encoder.featureDim));
  const comparisons: Comparison[] = [];
  for (const [step, theirs] of lincls.entries()) {
    onStep(step);
    const images = makeCaseImages(config, step);
    const features = extract(encoder, images, config);
    const disturbed = images.slice();
    disturb(disturbed, 31);
    const rounded = extract(encoder, disturbed, config);
    const ours = await takeStep(probes[0]!, features, config);
    const moved = await takeStep(probes[1]!, rounded, config);
    comparisons.push(...compareStep(step, { ours, moved, theirs }));
    tf.dispose([features, rounded]);
  }
  for (const probe of probes) probe.dispose();
  encoder.dispose();
  return [...comparisons, ...(await compareVotes(engine, knn))];
}

type Config = LinclsCase['config'];

function makeCaseImages({ batch: n, size }: Config, step: number): Float32Array {
  return makeImages(1, { step, n, size });
}

function extract(encoder: Encoder, images: Float32Array, { batch: n, size }: Config): tf.Tensor2D {
  return tf.tidy(() => encoder.extractFeatures(tf.tensor4d(images, [n, size, size, 3])));
}

/** One pass in training mode, over the images of step 100, sets the running statistics. */
function createCaseEncoder(engine: Engine, config: Config): Encoder {
  const model = { arch: config.arch, stem: 'imagenet', width: 64, bn: 'plain' } as const;
  const encoder = createEncoder({ engine, model, seed: 0 });
  encoder.loadTensors(fillState(listState(model, undefined)));
  const { batch: n, size } = config;
  const images = makeCaseImages(config, 100);
  tf.dispose(tf.tidy(() => encoder.encode(tf.tensor4d(images, [n, size, size, 3]), { training: true })));
  encoder.countBatches(1);
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

/** What one step of the probe gave, weights after it. */
interface ProbeStep {
  readonly loss: number;
  /** [top-1, top-3], percent */
  readonly accuracy: readonly number[];
  readonly weightNorm: number;
  readonly bias: Float32Array;
  /** [n * classes] */
  readonly logits: Float32Array;
}

async function takeStep(
  probe: LinearProbe,
  features: tf.Tensor2D,
  { batch, classes, lr }: Config,
): Promise<ProbeStep> {
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 3) % classes);
  const { logits } = await probe.measure(features, labels);
  const { loss } = await probe.trainStep(features, labels, { lr, images: labels.length });
  const tensors = await probe.toTensors();
  return {
    loss,
    logits,
    accuracy: computeAccuracy(logits, labels, { ks: [1, 3], classes }),
    weightNorm: normOf(tensors.get('fc.weight')!),
    bias: tensors.get('fc.bias')!.values as Float32Array,
  };
}

/** Percent; the same count divided in another order. */
const FLOAT64_ROUNDING = 1e-9;

function compareStep(
  step: number,
  {
    ours,
    moved,
    theirs,
  }: { readonly ours: ProbeStep; readonly moved: ProbeStep; readonly theirs: LinclsCaseStep },
): Comparison[] {
  const at = `step ${step}`;
  const logits = theirs.logits_head;
  // A loss is a difference of logits, and a logit a sum that may cancel: both round with the largest logit.
  const scale = Math.max(Math.abs(theirs.loss), ...logits.map(Math.abs));
  return [
    ...compareAll(
      { group: 'loss', at, scale },
      { ours: [ours.loss], moved: [moved.loss], theirs: [theirs.loss] },
    ),
    compare({ group: 'accuracy', at: `${at} top-1` }, ours.accuracy[0]!, theirs.acc1, FLOAT64_ROUNDING),
    compare({ group: 'accuracy', at: `${at} top-3` }, ours.accuracy[1]!, theirs.acc3, FLOAT64_ROUNDING),
    ...compareAll(
      { group: 'norm of fc.weight', at },
      { ours: [ours.weightNorm], moved: [moved.weightNorm], theirs: [theirs.fc_weight_norm] },
    ),
    ...compareAll({ group: 'fc.bias', at }, { ours: ours.bias, moved: moved.bias, theirs: theirs.fc_bias }),
    ...compareAll(
      { group: 'logits of two images', at },
      { ours: ours.logits, moved: moved.logits, theirs: logits },
    ),
  ];
}

/** Values of one tensor: each rounds with the largest, and with what a rounding of the images makes of any. */
function compareAll(
  { group, at, scale }: Pick<Comparison, 'group' | 'at'> & { readonly scale?: number },
  {
    ours,
    moved,
    theirs,
  }: {
    readonly ours: ArrayLike<number>;
    readonly moved: ArrayLike<number>;
    readonly theirs: readonly number[];
  },
): Comparison[] {
  const shown = Math.max(...theirs.map((_, i) => Math.abs(ours[i]! - moved[i]!)));
  const tolerance = TIMES * shown + FLOOR * (scale ?? Math.max(...theirs.map(Math.abs)));
  return theirs.map((value, i) => {
    const name = theirs.length > 1 ? `${at} [${i}]` : at;
    return compare({ group, at: name }, ours[i]!, value, tolerance);
  });
}
