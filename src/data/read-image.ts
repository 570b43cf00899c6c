// Reads image `index` of a split: a view of shared pixels, or a decoded file.

import { readFile } from 'node:fs/promises';
import { ProblemError } from '../core/problem.ts';
import type { ImageSource, RgbImage } from './dataset.ts';

/** Throws DATA_IMAGE_UNREADABLE naming the file; what a disk or a drive throws that may work again, as it is. */
export async function readImage(source: ImageSource, index: number): Promise<RgbImage> {
  if (source.kind === 'files') return decodeFile(source.files[index]!);
  const { width, height, pixels, positions } = source;
  const bytes = width * height * 3;
  return { width, height, pixels: new Uint8Array(pixels, positions[index]! * bytes, bytes) };
}

/** Decodes JPEG, PNG or WebP as PIL's convert('RGB') would: alpha dropped, EXIF rotation ignored. */
async function decodeFile(file: string): Promise<RgbImage> {
  const sharp = await loadSharp();
  const bytes = await readBytes(file);
  try {
    const image = sharp(bytes, { failOn: 'error' }).toColourspace('srgb').removeAlpha();
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
    };
  } catch (error) {
    throw reportUnreadable(file, error);
  }
}

/** What is said of the file itself, and will be said again: it is not there, or not for this user. */
const OF_THE_FILE = ['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENOTDIR'];

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw OF_THE_FILE.includes(code) ? reportUnreadable(file, error) : error;
  }
}

function reportUnreadable(file: string, error: unknown): ProblemError {
  return new ProblemError({
    code: 'DATA_IMAGE_UNREADABLE',
    message: `Expected a readable JPEG, PNG or WebP image but ${file} is not: ${firstLine(error)}.`,
    hint: 'Replace the file or remove it from its class folder. Of training images, loader.onBadImage: skip passes over a few.',
  });
}

/** The loader's threads are all the parallelism there is, and no file is read twice in a row. */
async function importSharp() {
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

let loaded: ReturnType<typeof importSharp> | undefined;

/** Once a thread. */
function loadSharp(): ReturnType<typeof importSharp> {
  loaded ??= importSharp();
  return loaded;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n')[0]!.replace(/\.$/, '');
}
