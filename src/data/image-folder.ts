// ImageFolder as torchvision knows it: root/train and root/val with a folder a class, classes and
// files in sorted order. JPEG, PNG and WebP.

import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import type { Dataset, Split } from './dataset.ts';

const IMAGE = /\.(jpe?g|png|webp)$/i;

/** Lists a split. Throws DATA_* problems naming the folder. */
export function openImageFolder(split: Split, root: string): Dataset {
  const classes = listClasses(path.join(root, 'train'), root);
  if (split === 'val') refuseOtherClasses(root, classes);
  const files: string[] = [];
  const labels: number[] = [];
  classes.forEach((name, label) => {
    for (const file of listImages(path.join(root, split, name))) {
      files.push(file);
      labels.push(label);
    }
  });
  return { classes, labels: Int32Array.from(labels), images: { kind: 'files', files } };
}

function listClasses(folder: string, root: string): string[] {
  if (!existsSync(root)) throw missing(`Expected a data folder but ${root} does not exist.`);
  if (!existsSync(folder))
    throw missing(`Expected ${path.basename(folder)}/ in the data folder but ${folder} does not exist.`);
  const classes = readdirSync(folder)
    .filter((name) => statSync(path.join(folder, name)).isDirectory())
    .sort();
  if (classes.length === 0) throw missing(`Expected a folder for each class but ${folder} has none.`);
  return classes;
}

function missing(message: string): ProblemError {
  return new ProblemError({
    code: 'DATA_MISSING',
    message,
    hint: 'The layout is DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg. Give DIR with --data or data.root.',
  });
}

function refuseOtherClasses(root: string, classes: readonly string[]): void {
  const others = listClasses(path.join(root, 'val'), root);
  const odd = [
    ...classes.filter((name) => !others.includes(name)),
    ...others.filter((name) => !classes.includes(name)),
  ];
  if (odd.length === 0) return;
  throw new ProblemError({
    code: 'DATA_CLASSES_DIFFER',
    message: `Expected the same classes in train/ and val/ of ${root} but ${odd.length} stand in one only: ${odd.slice(0, 5).join(', ')}.`,
    hint: 'ImageNet’s validation images must be sorted into a folder a class first.',
  });
}

function listImages(folder: string): string[] {
  const files = readdirSync(folder)
    .filter((name) => IMAGE.test(name))
    .sort();
  if (files.length > 0) return files.map((name) => path.join(folder, name));
  throw new ProblemError({
    code: 'DATA_CLASS_EMPTY',
    message: `Expected JPEG, PNG or WebP images in every class folder but ${folder} has none.`,
    hint: 'Remove the folder or put the images in.',
  });
}
