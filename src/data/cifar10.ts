// CIFAR-10 (Krizhevsky 2009) as two flat files in the cache: labels, then pixels in HWC order. Also
// read from the canonical binary release, where each record is a label and three planes.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { findCacheFolder } from '../core/cache-folder.ts';
import { ProblemError } from '../core/problem.ts';
import type { Dataset, Split } from './dataset.ts';

const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

export const CIFAR10_SIZES: { readonly [Name in Split]: number } = { train: 50_000, val: 10_000 };

const SIDE = 32;
export const CIFAR10_IMAGE_BYTES = SIDE * SIDE * 3;

/** SHA-256 of the cached files as the npm package gives them. Another source's are noted down beside its files. */
const PACKAGE_DIGESTS: Cifar10Digests = {
  train: 'd12c98b5c6d1c8f3ee705d14ab38dccf995510e8044d36d18154ece4e3b8060f',
  val: '1695efc9dc931b768f20f5cb2956256bc3a12eba128a3d7f6f8a6a6910d3b57e',
};

export type Cifar10Digests = { readonly [Name in Split]: string };

const binaryFiles: { readonly [Name in Split]: readonly string[] } = {
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  val: ['test_batch.bin'],
};

/** Labels and HWC pixels of a split. */
export interface Cifar10Data {
  readonly labels: Uint8Array;
  readonly pixels: Uint8Array;
}

/** Where the cache keeps a split. */
export function locateCifar10(split: Split, cache: string = findCacheFolder()): string {
  return path.join(cache, 'cifar10', `${split}.bin`);
}

/** Where the cache keeps the SHA-256 of its splits, as they were when they had been proven. */
export function locateDigests(cache: string = findCacheFolder()): string {
  return path.join(cache, 'cifar10', 'digests.json');
}

/** True when the cache holds both splits. */
export function isCifar10Cached(cache?: string): boolean {
  return existsSync(locateCifar10('train', cache)) && existsSync(locateCifar10('val', cache));
}

/** Opens a split from `root` (the binary release) or from the cache. Throws DATA_MISSING. */
export async function openCifar10(split: Split, root: string | undefined): Promise<Dataset> {
  const { labels, pixels } =
    root === undefined ? await readCache(split) : await readBinaryRelease(split, root);
  const shared = new SharedArrayBuffer(pixels.length);
  new Uint8Array(shared).set(pixels);
  return {
    classes: CIFAR10_CLASSES,
    labels: Int32Array.from(labels),
    images: {
      kind: 'pixels',
      name: `cifar10 ${split}`,
      width: SIDE,
      height: SIDE,
      pixels: shared,
      positions: Int32Array.from(labels, (_, i) => i),
    },
  };
}

async function readCache(split: Split): Promise<Cifar10Data> {
  const file = locateCifar10(split);
  if (!existsSync(file)) throw new ProblemError(reportNotCached(file));
  const bytes = await readFile(file);
  const count = CIFAR10_SIZES[split];
  if (bytes.length !== count * (CIFAR10_IMAGE_BYTES + 1))
    throw new ProblemError(reportDamaged(file, `has ${bytes.length} bytes`));
  if (createHash('sha256').update(bytes).digest('hex') !== readDigests()[split])
    throw new ProblemError(reportDamaged(file, 'has other bytes than were proven when it was fetched'));
  return { labels: bytes.subarray(0, count), pixels: bytes.subarray(count) };
}

function readDigests(): Cifar10Digests {
  const file = locateDigests();
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Cifar10Digests) : PACKAGE_DIGESTS;
}

/** The problem of data that was never fetched. */
export function reportNotCached(file: string) {
  return {
    code: 'DATA_MISSING',
    message: `Expected CIFAR-10 in the cache but ${file} does not exist.`,
    hint: 'Run `moco data fetch cifar10`, or give the folder of the binary release as data.root.',
  };
}

function reportDamaged(file: string, fact: string) {
  return {
    code: 'DATA_CACHE_DAMAGED',
    message: `Expected CIFAR-10 in the cache but ${file} ${fact}.`,
    hint: 'Run `moco data fetch cifar10 --force`.',
  };
}

/** Reads a split of the binary release: data_batch_1.bin to 5 and test_batch.bin. */
export async function readBinaryRelease(split: Split, root: string): Promise<Cifar10Data> {
  const parts: Uint8Array[] = [];
  for (const name of binaryFiles[split]) {
    const file = path.join(root, name);
    if (!existsSync(file)) throw new ProblemError(reportNoRelease(root, name));
    parts.push(await readFile(file));
  }
  return unpackRecords(Buffer.concat(parts));
}

function reportNoRelease(root: string, name: string) {
  return {
    code: 'DATA_MISSING',
    message: `Expected the binary release of CIFAR-10 in ${root} but ${name} is not there.`,
    hint: 'Give the folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin, or leave data.root out to use the cache.',
  };
}

/** Records of a label and three planes -> labels and HWC pixels. */
export function unpackRecords(records: Uint8Array): Cifar10Data {
  const count = records.length / (CIFAR10_IMAGE_BYTES + 1);
  const plane = SIDE * SIDE;
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * CIFAR10_IMAGE_BYTES);
  for (let i = 0; i < count; i++) {
    const at = i * (CIFAR10_IMAGE_BYTES + 1);
    labels[i] = records[at]!;
    for (let p = 0; p < plane; p++) {
      const to = i * CIFAR10_IMAGE_BYTES + p * 3;
      for (let c = 0; c < 3; c++) pixels[to + c] = records[at + 1 + c * plane + p]!;
    }
  }
  return { labels, pixels };
}
