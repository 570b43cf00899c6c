// Opens the data that a recipe names, and says how large it is without reading a pixel.

import type { DataConfig } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import { CIFAR10_SIZES, isCifar10Cached, locateCifar10, openCifar10, reportNotCached } from './cifar10.ts';
import type { Dataset, ImageSource, Split } from './dataset.ts';
import { openImageFolder } from './image-folder.ts';
import { pickBalanced } from './limit.ts';
import { openSynthetic } from './synthetic.ts';

/** Opens a split, `limit` applied. Throws DATA_* problems. */
export async function openDataset(data: DataConfig, split: Split): Promise<Dataset> {
  const whole = await openWhole(data, split);
  const count = data.limit?.[split];
  if (count === undefined) return whole;
  const seed = data.limit?.seed ?? 0;
  const picked = pickBalanced(whole.labels, { count, classes: whole.classes.length, seed });
  return {
    classes: whole.classes,
    labels: picked.map((index) => whole.labels[index]!),
    images: pickImages(whole.images, picked),
  };
}

async function openWhole(data: DataConfig, split: Split): Promise<Dataset> {
  switch (data.dataset) {
    case 'cifar10':
      return openCifar10(split, data.root);
    case 'imagefolder':
      return openImageFolder(split, requireRoot(data));
    case 'synthetic':
      return openSynthetic(split, data.synthetic!);
  }
}

function requireRoot({ root }: DataConfig): string {
  if (root !== undefined) return root;
  throw new ProblemError({
    code: 'DATA_MISSING',
    message: 'Expected a data folder for dataset imagefolder but data.root is not set.',
    hint: 'Give it with --data DIR or data.root.',
  });
}

function pickImages(images: ImageSource, picked: Int32Array): ImageSource {
  if (images.kind === 'files') return { kind: 'files', files: Array.from(picked, (i) => images.files[i]!) };
  return { ...images, positions: picked.map((i) => images.positions[i]!) };
}

/** Sizes after `limit`, without opening an image. Throws DATA_* problems for a folder that is not there. */
export function surveyData(data: DataConfig): { train: number; val: number; classes: number } {
  const whole = surveyWhole(data);
  return {
    train: data.limit?.train ?? whole.train,
    val: data.limit?.val ?? whole.val,
    classes: whole.classes,
  };
}

function surveyWhole(data: DataConfig): { train: number; val: number; classes: number } {
  switch (data.dataset) {
    case 'cifar10':
      return { ...CIFAR10_SIZES, classes: 10 };
    case 'synthetic':
      return data.synthetic!;
    case 'imagefolder': {
      const train = openImageFolder('train', requireRoot(data));
      const val = openImageFolder('val', requireRoot(data));
      return { train: train.labels.length, val: val.labels.length, classes: train.classes.length };
    }
  }
}

/** Throws DATA_MISSING unless the data could be opened now. */
export function checkDataPresent(data: DataConfig): void {
  if (data.dataset === 'imagefolder') surveyWhole(data);
  if (data.dataset === 'cifar10' && data.root === undefined && !isCifar10Cached()) {
    throw new ProblemError(reportNotCached(locateCifar10('train')));
  }
}
