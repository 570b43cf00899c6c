// Images/s that one core prepares (two views each): TypeScript, the addon, and torchvision on PIL, in
// turns. Counts CPU time, so that neighbours on the machine disturb little. Prints a table, writes JSON.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { stream } from '../src/core/rng.ts';
import type { ImageSource } from '../src/data/dataset.ts';
import { findImageAddon } from '../src/data/find-image-addon.ts';
import { type BatchRecipe, createBatchMaker } from '../src/data/make-batch.ts';
import { summarise } from './measure.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'string' },
  },
});

const SMALL = 512;
const LARGE = 16;

const jitter = {
  op: 'colorJitter',
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.4,
  hue: 0.1,
  p: 0.8,
} as const;
const flip = { op: 'randomHorizontalFlip', p: 0.5 } as const;
const gray = { op: 'randomGrayscale', p: 0.2 } as const;
const crop = { op: 'randomResizedCrop', ratio: [3 / 4, 4 / 3] as [number, number] } as const;

const recipes = {
  cifar: [{ ...crop, size: 32, scale: [0.08, 1] as [number, number] }, flip, jitter, gray],
  imagenet: [
    { ...crop, size: 224, scale: [0.2, 1] as [number, number] },
    jitter,
    gray,
    { op: 'gaussianBlur' as const, sigma: [0.1, 2] as [number, number], p: 0.5 },
    flip,
  ],
};

type Case = keyof typeof recipes;

/** What a round took. */
interface Round {
  readonly seconds: number;
  readonly images: number;
}

type Contender = (name: Case, round: number) => Promise<Round>;

const folder = mkdtempSync(path.join(os.tmpdir(), 'augment-'));
try {
  const files = await writeJpegs(folder);
  const addon = findImageAddon();
  const peer = startPeer(folder);
  const contenders: { readonly [name: string]: Contender } = {
    typescript: createOurs(files, undefined),
    ...(addon ? { addon: createOurs(files, addon) } : {}),
    'torchvision, PIL': peer.run,
  };
  const results = await compare(contenders);
  peer.close();
  console.log(renderTable(results));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Smooth pictures with some noise: about 50 kB at 500 x 375, as ImageNet's. */
async function writeJpegs(into: string): Promise<string[]> {
  const files = Array.from({ length: LARGE }, (_, i) => path.join(into, `${i}.jpg`));
  for (const [i, file] of files.entries()) {
    const rng = stream(0, 'picture', i);
    const coarse = Buffer.from(Array.from({ length: 24 * 18 * 3 }, () => rng.integer(256)));
    const pixels = await sharp(coarse, { raw: { width: 24, height: 18, channels: 3 } })
      .resize(500, 375, { kernel: 'cubic', fit: 'fill' })
      .raw()
      .toBuffer();
    for (let at = 0; at < pixels.length; at++)
      pixels[at] = Math.max(0, Math.min(255, pixels[at]! + 8 * rng.normal()));
    await sharp(pixels, { raw: { width: 500, height: 375, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(file);
  }
  return files;
}

function drawSmallImages(): ImageSource {
  const pixels = new SharedArrayBuffer(SMALL * 32 * 32 * 3);
  const rng = stream(0, 'noise');
  new Uint8Array(pixels).forEach((_, i, all) => {
    all[i] = rng.integer(256);
  });
  const positions = Int32Array.from({ length: SMALL }, (_, i) => i);
  return { kind: 'pixels', name: 'noise', width: 32, height: 32, pixels, positions };
}

function createOurs(files: readonly string[], imageAddon: string | undefined): Contender {
  const sources = { cifar: drawSmallImages(), imagenet: { kind: 'files', files } as const };
  const makers = (['cifar', 'imagenet'] as const).map((name) => {
    const recipe: BatchRecipe = {
      dataset: { classes: [], labels: new Int32Array(0), images: sources[name] },
      ops: recipes[name],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      seed: 0,
      imageAddon,
    };
    return [name, createBatchMaker(recipe)] as const;
  });
  const byName = new Map(makers);
  return async (name, round) => {
    const images = name === 'cifar' ? SMALL : LARGE;
    const before = process.cpuUsage();
    const indices = Int32Array.from({ length: images }, (_, i) => i);
    await byName.get(name)!({ epoch: round, parts: [{ views: [0, 1], indices }] });
    const { user, system } = process.cpuUsage(before);
    return { seconds: (user + system) / 1e6, images };
  };
}

function startPeer(jpegs: string) {
  const script = fileURLToPath(new URL('./augment_pil.py', import.meta.url));
  const child = spawn(values.python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify({ folder: jpegs, small: SMALL })}\n`);
  const run: Contender = async (name) => {
    child.stdin.write(`${name}\n`);
    const { value, done } = await answers.next();
    if (done)
      throw new Error('The peer ended: does this Python have torchvision? Give another with --python.');
    return JSON.parse(value) as Round;
  };
  return { run, close: () => child.stdin.end() };
}

type Results = Record<
  Case,
  Record<string, { readonly medianPerSecond: number; readonly perSecond: number[] }>
>;

async function compare(contenders: { readonly [name: string]: Contender }): Promise<Results> {
  const results: Results = { cifar: {}, imagenet: {} };
  for (const name of ['cifar', 'imagenet'] as const) {
    const rates = new Map(Object.keys(contenders).map((contender): [string, number[]] => [contender, []]));
    for (let round = -1; round < Number(values.rounds); round++) {
      for (const [contender, run] of Object.entries(contenders)) {
        const { seconds, images } = await run(name, round + 1);
        // The first round warms up.
        if (round >= 0) rates.get(contender)!.push(images / seconds);
      }
    }
    for (const [contender, perSecond] of rates)
      results[name][contender] = { medianPerSecond: summarise(perSecond).medianMs, perSecond };
  }
  return results;
}

function renderTable(results: Results): string {
  const titles = {
    cifar: '32², in memory, CIFAR demo’s augmentation',
    imagenet: '500 x 375 JPEG -> 224², MoCo v2’s augmentation',
  };
  const lines = (['cifar', 'imagenet'] as const).map((name) => {
    const cells = Object.values(results[name]).map(({ medianPerSecond, perSecond }) => {
      const [least, most] = [Math.min(...perSecond), Math.max(...perSecond)];
      return `${medianPerSecond.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`;
    });
    return `| ${[titles[name], ...cells].join(' | ')} |`;
  });
  const names = Object.keys(results.cifar);
  const head = `| images/s a core, two views each | ${names.join(' | ')} |`;
  return [head, `| ${['-', ...names.map(() => '-')].join(' | ')} |`, ...lines].join('\n');
}
