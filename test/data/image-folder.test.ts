// Folders of images as users have them, right and wrong.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openImageFolder } from '../../src/data/image-folder.ts';
import { surveyData } from '../../src/data/open-dataset.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';

/** Makes files that are empty: only their names count here. A name that ends in / is a folder. */
function makeTree(...names: readonly string[]): string {
  const root = makeFolder();
  for (const name of names) {
    const file = path.join(root, name);
    mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, '');
  }
  return root;
}

/** The only problem, with the folder's name left out. */
function problemOf(root: string, split: 'train' | 'val' = 'train') {
  const [problem] = catchProblems(() => openImageFolder(split, root));
  return { ...problem, message: problem!.message.replaceAll(root, 'ROOT') };
}

const LAYOUT =
  'The layout is DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg. Give DIR with --data or data.root.';

test('classes and files come in sorted order, other files are left out', () => {
  const root = makeTree('train/dog/b.JPEG', 'train/dog/a.png', 'train/cat/c.webp', 'train/cat/notes.txt');
  const { classes, labels, images } = openImageFolder('train', root);
  expect(classes).toEqual(['cat', 'dog']);
  expect([...labels]).toEqual([0, 1, 1]);
  expect(images).toEqual({
    kind: 'files',
    files: ['cat/c.webp', 'dog/a.png', 'dog/b.JPEG'].map((name) => path.join(root, 'train', name)),
  });
});

test('a survey counts the images of both splits', () => {
  const root = makeTree('train/a/1.png', 'train/a/2.png', 'train/b/1.png', 'val/a/1.png', 'val/b/1.png');
  const data = { dataset: 'imagefolder', root, mean: [0, 0, 0], std: [1, 1, 1] } as const;
  expect(surveyData({ ...data, mean: [0, 0, 0], std: [1, 1, 1] })).toEqual({ train: 3, val: 2, classes: 2 });
});

test('a root that is not there', () => {
  const root = path.join(makeFolder(), 'images');
  expect(problemOf(root)).toEqual({
    code: 'DATA_MISSING',
    message: 'Expected a data folder but ROOT does not exist.',
    hint: LAYOUT,
  });
});

test('a root without train/ or val/', () => {
  expect(problemOf(makeTree('cat/1.png'))).toEqual({
    code: 'DATA_MISSING',
    message: 'Expected train/ in the data folder but ROOT/train does not exist.',
    hint: LAYOUT,
  });
  expect(problemOf(makeTree('train/cat/1.png'), 'val').message).toBe(
    'Expected val/ in the data folder but ROOT/val does not exist.',
  );
});

test('val without class folders, as ImageNet’s comes', () => {
  expect(problemOf(makeTree('train/cat/1.png', 'val/ILSVRC2012_val_00000001.JPEG'), 'val')).toEqual({
    code: 'DATA_MISSING',
    message: 'Expected a folder for each class but ROOT/val has none.',
    hint: LAYOUT,
  });
});

test('a class folder without images', () => {
  expect(problemOf(makeTree('train/cat/1.png', 'train/dog/'))).toEqual({
    code: 'DATA_CLASS_EMPTY',
    message: 'Expected JPEG, PNG or WebP images in every class folder but ROOT/train/dog has none.',
    hint: 'Remove the folder or put the images in.',
  });
});

test('other classes in val/ than in train/', () => {
  expect(problemOf(makeTree('train/cat/1.png', 'val/cat/1.png', 'val/dog/1.png'), 'val')).toEqual({
    code: 'DATA_CLASSES_DIFFER',
    message: 'Expected the same classes in train/ and val/ of ROOT but 1 stand in one only: dog.',
    hint: 'ImageNet’s validation images must be sorted into a folder a class first.',
  });
});
