// Draws the crops that a training is really fed: the first images of the first batch that its loader serves.

import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DataConfig } from '../config/schema/recipe.generated.ts';
import type { Batch, Loader } from '../data/batch.ts';
import type { RgbImage } from '../data/dataset.ts';
import { renderSheet } from '../data/image-sheet.ts';
import { CROPS_FILE } from '../runs/diagnostic-files.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { trackCrops } from '../tracking/track-crops.ts';

/** Images of a sheet; each has a column. */
const COLUMNS = 10;

interface Shown {
  readonly data: DataConfig;
  /** Views to show, from the first: later ones may be of other images. */
  readonly rows: number;
}

/** A loader that serves the same batches, and leaves CROPS_FILE and its event where there is none yet. */
export function recordCrops(loader: Loader, folder: string, shown: Shown): Loader {
  const file = path.join(folder, CROPS_FILE);
  return {
    ...loader,
    readEpoch: async function* (epoch, firstBatch) {
      for await (const batch of loader.readEpoch(epoch, firstBatch)) {
        if (!existsSync(file)) await drawCrops(batch, shown, folder);
        yield batch;
      }
    },
  };
}

async function drawCrops(batch: Batch, shown: Shown, folder: string): Promise<void> {
  const png = await renderSheet(listRows(batch, shown));
  trackCrops(folder, png);
  writeFileAtomic(path.join(folder, CROPS_FILE), [png]);
}

/** A row a view, a column an image. */
function listRows({ views, size, labels }: Batch, { data, rows }: Shown): RgbImage[][] {
  const count = Math.min(COLUMNS, labels.length);
  const bytes = size * size * 3;
  return views.slice(0, rows).map((view) =>
    Array.from({ length: count }, (_, i) => ({
      width: size,
      height: size,
      pixels: denormalise(view.subarray(i * bytes, (i + 1) * bytes), data),
    })),
  );
}

/** Back to bytes: what normalisation subtracted and divided by. */
function denormalise(values: Float32Array, { mean, std }: DataConfig): Uint8Array {
  return Uint8Array.from(values, (value, i) => Math.round(255 * (value * std[i % 3]! + mean[i % 3]!)));
}
