// Features for TensorBoard's projector: the folder's projector_config.pbtxt, the vectors as raw float32, their
// classes, and the images as one picture of tiles.

import path from 'node:path';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';

export interface Embedding {
  /** [N, C], flat. */
  readonly values: Float32Array;
  readonly featureDim: number;
  /** N names of classes. */
  readonly labels: readonly string[];
  /** The N images row by row in a square of tiles, as PNG. */
  readonly sprite: { readonly png: Uint8Array; readonly tileSide: number };
}

/** Leaves an embedding that the projector shows under `name`. */
export function trackEmbedding(folder: string, name: string, embedding: Embedding): void {
  const { values, featureDim, labels, sprite } = embedding;
  const file = (ending: string) => path.join(folder, `${name}.${ending}`);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writeFileAtomic(file('bytes'), [bytes]);
  writeFileAtomic(file('tsv'), [labels.map((label) => `${label.replaceAll(/[\t\r\n]/g, ' ')}\n`).join('')]);
  writeFileAtomic(file('sprite.png'), [sprite.png]);
  writeFileAtomic(path.join(folder, 'projector_config.pbtxt'), [
    `embeddings {
  tensor_name: "${name}"
  tensor_path: "${name}.bytes"
  tensor_shape: ${labels.length}
  tensor_shape: ${featureDim}
  metadata_path: "${name}.tsv"
  sprite {
    image_path: "${name}.sprite.png"
    single_image_dim: ${sprite.tileSide}
    single_image_dim: ${sprite.tileSide}
  }
}
`,
  ]);
}
