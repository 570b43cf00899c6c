// The weighted kNN of a case of make_lincls_golden.py: predictions, and one query's scores.

import type { KnnCase } from '../config/schema/parity.generated.ts';
import type { Engine } from '../engine/engine.ts';
import { classifyByNeighbours, type LabelledFeatures, normaliseFeatures } from '../train/knn.ts';
import { type Comparison, compare } from './comparison.ts';
import { noise } from './formulas.ts';
import { FLOOR } from './tolerance.ts';

const FEATURE_DIM = 32;
const KNN_CLASSES = 10;

/** Recomputes the votes and compares them. */
export async function compareVotes(
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
