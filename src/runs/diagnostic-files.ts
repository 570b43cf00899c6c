// What stages leave for people to look at: by name and by form. No result rests on these files, so they are
// no outputs of a stage, and a stage whose files are gone is still up to date.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The crops of the first batch, as they were fed: queries in the upper row, their keys below. Left by pretrain. */
export const CROPS_FILE = 'crops.png';
/** A `Confusion`. Left by lincls, of its last epoch. */
export const CONFUSION_FILE = 'confusion.json';
/** A `FeatureMap`. Left by knn in the first trial. */
export const MAP_FILE = 'feature-map.json';
/** A `Neighbours`, and its images: a row a query, the query first. Left by knn in the first trial. */
export const NEIGHBOURS_FILE = 'neighbours.json';
export const NEIGHBOUR_IMAGES_FILE = 'neighbours.png';

/** How the held-out images of each class were classified. */
export interface Confusion {
  readonly classes: readonly string[];
  /** [true class, predicted class, images], for counts above 0, by true class and then predicted. */
  readonly counts: readonly (readonly [number, number, number])[];
}

/** Held-out features in the plane. Coordinates have no unit; only who is near whom means something. */
export interface FeatureMap {
  readonly method: 'UMAP';
  readonly classes: readonly string[];
  /** One a point. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly labels: readonly number[];
}

/** Training images that are nearest to some held-out ones. */
export interface Neighbours {
  readonly classes: readonly string[];
  readonly queries: readonly {
    readonly label: number;
    /** Nearest first, by cosine similarity. */
    readonly nearest: readonly { readonly label: number; readonly similarity: number }[];
  }[];
}

/** Reads a diagnostic; undefined where the stage left none, or one that is no JSON any more. */
export function readDiagnostic<Content>(folder: string, name: string): Content | undefined {
  const file = path.join(folder, name);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Content;
  } catch {
    return undefined;
  }
}
