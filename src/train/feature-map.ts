// Features in the plane, by UMAP (McInnes et al. 2018, arXiv:1802.03426): points that are near in feature
// space are near on the map. Which side is up, and how far clusters stand apart, means nothing.

import { UMAP } from 'umap-js';
import { stream } from '../core/rng.ts';

/** Nearest points that each is placed by; UMAP's default. */
const NEIGHBOURS = 15;

/** Places features [N, featureDim]; the same features and seed give the same map. N is at least 4. */
export function placeFeatures(
  values: Float32Array,
  { featureDim, seed }: { readonly featureDim: number; readonly seed: number },
): [x: number, y: number][] {
  const count = values.length / featureDim;
  const rows = Array.from({ length: count }, (_, i) =>
    Array.from(values.subarray(i * featureDim, (i + 1) * featureDim)),
  );
  const nNeighbors = Math.min(NEIGHBOURS, count - 1);
  const umap = new UMAP({ nNeighbors, minDist: 0.1, random: stream(seed, 'feature-map').uniform });
  return umap.fit(rows) as [number, number][];
}
