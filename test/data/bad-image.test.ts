// Images that cannot be read: what stands in their places, and when they are too many.

import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ImageOp } from '../../src/config/schema/recipe.generated.ts';
import { readOrReplace } from '../../src/data/bad-image.ts';
import type { Batch } from '../../src/data/batch.ts';
import { openImageFolder } from '../../src/data/image-folder.ts';
import { type LoaderOptions, openLoader } from '../../src/data/loader.ts';
import { makeImages, spoil } from '../helpers/make-images.ts';

const CENTER: readonly ImageOp[] = [{ op: 'centerCrop', size: 16 }];
const RANDOM: readonly ImageOp[] = [
  { op: 'randomResizedCrop', size: 16, scale: [0.2, 1], ratio: [0.75, 1.3333] },
];

function makeOptions(root: string, changes: Partial<LoaderOptions> = {}): LoaderOptions {
  return {
    data: { dataset: 'imagefolder', root, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    split: 'train',
    ops: CENTER,
    views: 1,
    batchSize: 4,
    shuffle: false,
    dropLast: false,
    seed: 3,
    threads: 1,
    prefetch: 2,
    badImages: { onBadImage: 'skip', maxBadImages: 3 },
    ...changes,
  };
}

async function readEpoch(options: LoaderOptions): Promise<Batch[]> {
  const loader = await openLoader(options);
  const batches: Batch[] = [];
  try {
    for await (const batch of loader.readEpoch(0)) batches.push(batch);
  } finally {
    await loader.close();
  }
  return batches;
}

/** The pixels of place `at` of an epoch of one view, and its label. */
function seeAt(batches: readonly Batch[], at: number) {
  const { views, labels } = batches[at >> 2]!;
  const length = 16 * 16 * 3;
  return { pixels: views[0]!.slice((at % 4) * length, ((at % 4) + 1) * length), label: labels[at % 4] };
}

test('the next image that can be read stands in the place of a bad one, with its own label, around the end', async () => {
  const root = await makeImages({ train: 4, val: 1 });
  const [fourth, last] = [spoil(root, 'train/cat/3.png'), spoil(root, 'train/dog/3.png')];
  spoil(root, 'train/dog/2.png');
  const batches = await readEpoch(makeOptions(root));
  expect(seeAt(batches, 3)).toEqual({ ...seeAt(batches, 4), label: 1 });
  expect(seeAt(batches, 6)).toEqual({ ...seeAt(batches, 0), label: 0 });
  expect(seeAt(batches, 7)).toEqual(seeAt(batches, 6));
  expect(batches.flatMap(({ bad }) => bad)).toMatchObject([
    { index: 3, replacedBy: 4, reason: expect.stringContaining(`image but ${fourth} is not: `) },
    { index: 6, replacedBy: 0 },
    { index: 7, replacedBy: 0, reason: expect.stringContaining(last) },
  ]);
  expect(batches[1]!.indices).toEqual(Int32Array.of(4, 5, 6, 7));
});

test('its crop is drawn from the random numbers of the place, whatever the threads, and no other image changes', async () => {
  const root = await makeImages({ train: 4, val: 1 });
  const random = makeOptions(root, { ops: RANDOM, shuffle: true, views: 2 });
  const before = await readEpoch(random);
  spoil(root, 'train/cat/2.png');
  const after = await readEpoch(random);
  expect(await readEpoch({ ...random, threads: 3, prefetch: 5 })).toEqual(after);
  const place = before.flatMap(({ indices }) => [...indices]).indexOf(2);
  for (let at = 0; at < 8; at++) {
    if (at !== place) expect(seeAt(after, at)).toEqual(seeAt(before, at));
  }
  const stand = before.flatMap(({ indices }) => [...indices]).indexOf(3);
  expect(seeAt(after, place).pixels).not.toEqual(seeAt(after, stand).pixels);
  expect(seeAt(after, place).pixels).not.toEqual(seeAt(before, place).pixels);
});

test('more bad images in a row than may be passed over are told in whole text', async () => {
  const root = await makeImages({ train: 4, val: 1 });
  const [first] = ['cat/0', 'cat/1', 'cat/2', 'cat/3'].map((name) => spoil(root, `train/${name}.png`));
  await expect(readEpoch(makeOptions(root))).rejects.toMatchObject({
    problems: [
      {
        code: 'DATA_TOO_MANY_BAD_IMAGES',
        message: expect.stringMatching(
          new RegExp(
            `^Expected at most 3 training images that cannot be read, as loader\\.maxBadImages says, but there are more\\. One of them: Expected a readable JPEG, PNG or WebP image but ${first} is not: .*\\.$`,
          ),
        ),
        hint: 'So many are mostly a failed download or a failing disk. Replace the files, or raise loader.maxBadImages: training goes on from its last checkpoint.',
      },
    ],
  });
});

test('a file that is gone is a bad image; what a disk fails to read is not, and passes on as it is', async () => {
  const root = await makeImages({ train: 4, val: 1 });
  const { images } = openImageFolder('train', root);
  const skip = { onBadImage: 'skip', maxBadImages: 3 } as const;
  const file = path.join(root, 'train/cat/1.png');
  rmSync(file);
  expect(await readOrReplace(images, 1, skip)).toMatchObject({ bad: { index: 1, replacedBy: 2 } });
  // Nothing is at address 0: Linux answers with EIO, as for a failing disk.
  symlinkSync('/proc/self/mem', file);
  await expect(readOrReplace(images, 1, skip)).rejects.toMatchObject({ code: 'EIO' });
});
