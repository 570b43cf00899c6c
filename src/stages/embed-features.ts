// Held-out features for TensorBoard's projector, with their classes and images.

import { renderSheet } from '../data/image-sheet.ts';
import { readThumbnails } from '../data/thumbnails.ts';
import { trackEmbedding } from '../tracking/track-embedding.ts';
import type { FeatureDrawing } from './draw-features.ts';

const POINTS = 500;
const TILE_SIDE = 64;

/** Leaves the embedding `features` of at most POINTS images, evenly over the held-out ones. */
export async function embedFeatures(drawing: FeatureDrawing): Promise<void> {
  const { folder, queries, classes, data, evalTransform: ops } = drawing;
  const { values, labels, featureDim } = queries;
  const count = Math.min(POINTS, labels.length);
  const indices = Array.from({ length: count }, (_, i) => Math.floor((i * labels.length) / count));
  const picked = new Float32Array(count * featureDim);
  indices.forEach((index, i) => {
    picked.set(values.subarray(index * featureDim, (index + 1) * featureDim), i * featureDim);
  });
  const images = await readThumbnails(data, 'val', { ops, indices });
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Array.from({ length: Math.ceil(count / columns) }, (_, y) =>
    images.slice(y * columns, (y + 1) * columns),
  );
  const tileSide = Math.min(TILE_SIDE, images[0]!.width);
  trackEmbedding(folder, 'features', {
    values: picked,
    featureDim,
    labels: indices.map((index) => classes[labels[index]!]!),
    sprite: { png: await renderSheet(rows, { maxTile: TILE_SIDE, gap: 0 }), tileSide },
  });
}
