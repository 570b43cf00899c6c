// What the features of a trial look like: held-out ones in the plane, and for some held-out images the
// training images that are nearest to them.

import path from 'node:path';
import type { DataConfig, ImageOp } from '../config/schema/recipe.generated.ts';
import type { BadImagePolicy } from '../data/bad-image.ts';
import { renderSheet } from '../data/image-sheet.ts';
import { readThumbnails } from '../data/thumbnails.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type FeatureMap,
  MAP_FILE,
  NEIGHBOUR_IMAGES_FILE,
  NEIGHBOURS_FILE,
  type Neighbours,
} from '../runs/diagnostic-files.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { placeFeatures } from '../train/feature-map.ts';
import { findNeighbours, type LabelledFeatures } from '../train/knn.ts';

/** More colours than this nobody tells apart. */
const MAP_CLASSES = 10;
const MAP_POINTS = 400;
/** UMAP needs some. */
const FEWEST_POINTS = 8;
const QUERIES = 6;
const NEIGHBOURS = 8;

export interface FeatureDrawing {
  readonly engine: Engine;
  readonly folder: string;
  readonly bank: LabelledFeatures;
  readonly queries: LabelledFeatures;
  readonly classes: readonly string[];
  readonly data: DataConfig;
  readonly evalTransform: readonly ImageOp[];
  /** Of the bank. */
  readonly badImages: BadImagePolicy;
  readonly seed: number;
}

/** Leaves MAP_FILE, NEIGHBOURS_FILE and NEIGHBOUR_IMAGES_FILE. */
export async function drawFeatures(drawing: FeatureDrawing): Promise<void> {
  writeMap(drawing);
  await writeNeighbours(drawing);
}

function writeMap({ folder, queries, classes, seed }: FeatureDrawing): void {
  const shown = spread(classes.length, MAP_CLASSES);
  const perClass = Math.ceil(MAP_POINTS / shown.length);
  const picked = shown.flatMap((label) => findOfClass(queries.labels, label).slice(0, perClass));
  if (picked.length < FEWEST_POINTS) return;
  const { featureDim } = queries;
  const values = new Float32Array(picked.length * featureDim);
  picked.forEach((index, i) => {
    values.set(rowOf(queries, index), i * featureDim);
  });
  const places = placeFeatures(values, { featureDim, seed });
  const map: FeatureMap = {
    method: 'UMAP',
    classes: shown.map((label) => classes[label]!),
    x: places.map(([x]) => round(x)),
    y: places.map(([, y]) => round(y)),
    labels: picked.map((index) => shown.indexOf(queries.labels[index]!)),
  };
  writeFileAtomic(path.join(folder, MAP_FILE), [`${JSON.stringify(map)}\n`]);
}

async function writeNeighbours(drawing: FeatureDrawing): Promise<void> {
  const { engine, folder, bank, queries, classes, data, evalTransform: ops, badImages } = drawing;
  const asked = spread(classes.length, QUERIES).flatMap(
    (label) => findOfClass(queries.labels, label)[0] ?? [],
  );
  const rows = new Float32Array(asked.length * queries.featureDim);
  asked.forEach((index, i) => {
    rows.set(rowOf(queries, index), i * queries.featureDim);
  });
  const count = Math.min(NEIGHBOURS, bank.labels.length);
  const found = await findNeighbours(engine, { bank, rows, count });
  const shownQueries = await readThumbnails(data, 'val', { ops, indices: asked });
  const indices = found.flatMap((nearest) => nearest.map(({ index }) => index));
  const shown = await readThumbnails(data, 'train', { ops, indices, badImages });
  const sheet = shownQueries.map((query, i) => [query, ...shown.slice(i * count, (i + 1) * count)]);
  writeFileAtomic(path.join(folder, NEIGHBOUR_IMAGES_FILE), [await renderSheet(sheet)]);
  const neighbours: Neighbours = {
    classes,
    queries: asked.map((index, i) => ({
      label: queries.labels[index]!,
      nearest: found[i]!.map((each) => ({
        label: bank.labels[each.index]!,
        similarity: round(each.similarity),
      })),
    })),
  };
  writeFileAtomic(path.join(folder, NEIGHBOURS_FILE), [`${JSON.stringify(neighbours)}\n`]);
}

/** At most `most` of the classes, evenly over them. */
function spread(classes: number, most: number): number[] {
  const count = Math.min(classes, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count));
}

function findOfClass(labels: Int32Array, label: number): number[] {
  return Array.from(labels.keys()).filter((index) => labels[index] === label);
}

function rowOf({ values, featureDim }: LabelledFeatures, index: number): Float32Array {
  return values.subarray(index * featureDim, (index + 1) * featureDim);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
