// A folder of images as ImageFolder wants it, each of them different, and ways to spoil one.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { stream } from '../../src/core/rng.ts';
import { makeFolder } from './make-record.ts';

const CLASSES = ['cat', 'dog'];
const SIDE = 20;

/** The root of train/ and val/ with so many PNGs a class: 0.png, 1.png, ... (at most ten). */
export async function makeImages({
  train,
  val,
}: {
  readonly train: number;
  readonly val: number;
}): Promise<string> {
  const root = makeFolder();
  for (const [split, count] of Object.entries({ train, val })) {
    for (const name of CLASSES) {
      mkdirSync(path.join(root, split, name), { recursive: true });
      for (let i = 0; i < count; i++) await drawImage(path.join(root, split, name, `${i}.png`));
    }
  }
  return root;
}

async function drawImage(file: string): Promise<void> {
  const rng = stream(0, file.split(path.sep).slice(-3).join('/'));
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => rng.integer(256));
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .png()
    .toFile(file);
}

/** Cuts a file off, as a broken download does. */
export function spoil(root: string, name: string): string {
  const file = path.join(root, name);
  writeFileSync(file, readFileSync(file).subarray(0, 60));
  return file;
}
