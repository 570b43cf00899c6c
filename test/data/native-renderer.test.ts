// The addon against the TypeScript steps, to the bit: random steps on random images, and every colour
// that the hue can meet.

import { Worker } from 'node:worker_threads';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { type Rng, stream } from '../../src/core/rng.ts';
import type { RgbImage } from '../../src/data/dataset.ts';
import { findImageAddon } from '../../src/data/find-image-addon.ts';
import type { ImageSize, ImageStep } from '../../src/data/image-step.ts';
import { type BatchRecipe, createBatchMaker } from '../../src/data/make-batch.ts';
import { createNativeRenderer, type InstructionSet } from '../../src/data/native-renderer.ts';
import { createTypescriptRenderer } from '../../src/data/renderer.ts';
import { openSynthetic } from '../../src/data/synthetic.ts';
import { plainTables, renderBytes } from '../helpers/render-bytes.ts';

const addon = findImageAddon();

/** Noise, two colours only, or nearly one colour: what rounds differently. On shared memory, as CIFAR's are. */
function drawImage(rng: Rng, longest: number): RgbImage {
  const [width, height] = [1 + rng.integer(longest), 1 + rng.integer(longest)];
  const pixels = new Uint8Array(new SharedArrayBuffer(width * height * 3));
  const [least, span, factor] = [
    [0, 256, 1],
    [0, 2, 255],
    [100, 5, 1],
  ][rng.integer(3)] as [number, number, number];
  for (let i = 0; i < pixels.length; i++) pixels[i] = (least + rng.integer(span)) * factor;
  return { width, height, pixels };
}

/** Ends a thread that does nothing but render, at 20 moments. What takes the time is to read the list of images. */
const END_WHILE_RENDERING = `
  const { Worker } = require('node:worker_threads');
  const { setTimeout } = require('node:timers/promises');
  const render = \`
    const { parentPort, workerData } = require('node:worker_threads');
    const { renderViews } = require(workerData);
    const images = Array.from({ length: 1e5 }, () => new Uint8Array(3));
    const sizes = new Int32Array(2e5).fill(1);
    const view = new Float32Array(3e5);
    parentPort.postMessage('ready');
    for (;;) renderViews(images, sizes, new Float64Array(1e5), new Float32Array(768), [view], 0, 1);
  \`;
  (async () => {
    for (let i = 0; i < 20; i++) {
      const worker = new Worker(render, { eval: true, workerData: process.argv[1] });
      await new Promise((resolve) => worker.once('message', resolve));
      await setTimeout(5 + i);
      await worker.terminate();
    }
  })();
`;

const pick = (rng: Rng, ...values: readonly number[]) => values[rng.integer(values.length)]!;

function drawStep(rng: Rng, { width, height }: ImageSize): ImageStep {
  const factor = pick(rng, 0, 1, 2 * rng.uniform(), 20 * rng.uniform(), 1e30);
  const side = (length: number) => pick(rng, length, 1, 1 + rng.integer(120));
  const steps: readonly ImageStep[] = [
    {
      kind: 'crop',
      box: {
        top: rng.integer(height + 6) - 3,
        left: rng.integer(width + 6) - 3,
        height: 1 + rng.integer(height + 4),
        width: 1 + rng.integer(width + 4),
      },
    },
    { kind: 'resize', width: side(width), height: side(height) },
    { kind: 'flip' },
    { kind: 'grayscale' },
    { kind: 'brightness', factor },
    { kind: 'contrast', factor },
    { kind: 'saturation', factor },
    { kind: 'hue', factor: pick(rng, -0.5, 0, 0.5, rng.uniform() - 0.5) },
    { kind: 'blur', sigma: pick(rng, 0, 0.1, 2 * rng.uniform(), 10 * rng.uniform(), 100) },
  ];
  return steps[rng.integer(steps.length)]!;
}

function drawCase(index: number) {
  const rng = stream(1, 'native', index);
  const image = drawImage(rng, index % 8 === 0 ? 200 : 40);
  const steps: ImageStep[] = [];
  let made: ImageSize = image;
  for (let count = rng.integer(7); count >= 0; count--) {
    const step = drawStep(rng, made);
    steps.push(step);
    if (step.kind === 'resize') made = step;
    if (step.kind === 'crop') made = step.box;
  }
  return { image, steps, made };
}

const typescript = createTypescriptRenderer(plainTables);

/** Those of this processor, best first. */
const available = (['avx512', 'avx2', 'plain'] as const).filter((name) => addon && canRun(name));

function canRun(instructions: InstructionSet): boolean {
  const image = { width: 1, height: 1, pixels: new Uint8Array(3) };
  const render = createNativeRenderer(addon!, plainTables, instructions);
  try {
    renderBytes(render, { image, steps: [], made: image });
    return true;
  } catch (error) {
    if (String(error).includes('has not got these instructions')) return false;
    throw error;
  }
}

describe.each(available)('the addon with %s instructions', (instructions) => {
  const native = createNativeRenderer(addon!, plainTables, instructions);

  test('gives the bytes of TypeScript for any steps on any image', () => {
    for (let index = 0; index < 500; index++) {
      const given = drawCase(index);
      const [expected, actual] = [renderBytes(typescript, given), renderBytes(native, given)];
      if (Buffer.compare(expected.pixels, actual.pixels) !== 0)
        expect.fail(`differs: ${given.image.width} x ${given.image.height}, ${JSON.stringify(given.steps)}`);
    }
  });

  test('gives the hues of TypeScript for every colour of 32 levels and for its neighbours', () => {
    const levels = Array.from({ length: 32 }, (_, i) => Math.min(255, i * 8 + (i % 8)));
    const pixels = Uint8Array.from(
      levels.flatMap((r) => levels.flatMap((g) => levels.flatMap((b) => [r, g, b]))),
    );
    const image = { width: 256, height: 128, pixels };
    for (const factor of [-0.5, -0.11, 0, 0.03, 0.1, 0.37, 0.5]) {
      const given = { image, steps: [{ kind: 'hue', factor } as const], made: image };
      expect(Buffer.compare(renderBytes(typescript, given).pixels, renderBytes(native, given).pixels)).toBe(
        0,
      );
    }
  });
});

describe.skipIf(!addon)('the addon (`moco engine install torch` builds it)', () => {
  const native = addon ? createNativeRenderer(addon, plainTables) : typescript;

  test('leaves the images as they were', () => {
    const { image } = drawCase(3);
    const before = Uint8Array.from(image.pixels);
    const steps = [{ kind: 'grayscale' }, { kind: 'contrast', factor: 0.2 }] as const;
    renderBytes(native, { image, steps, made: image });
    expect(Uint8Array.from(image.pixels)).toEqual(before);
  });

  test('makes the batches that TypeScript makes', async () => {
    const recipe: BatchRecipe = {
      dataset: openSynthetic('train', { classes: 3, train: 40, val: 3, size: 20 }),
      ops: [
        { op: 'randomResizedCrop', size: 16, scale: [0.2, 1], ratio: [0.75, 1.3333333333333333] },
        { op: 'colorJitter', brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 },
        { op: 'randomGrayscale', p: 0.2 },
        { op: 'gaussianBlur', sigma: [0.1, 2], p: 0.5 },
        { op: 'randomHorizontalFlip', p: 0.5 },
      ],
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.2023, 0.1994, 0.201],
      seed: 9,
    };
    const indices = Int32Array.from({ length: 40 }, (_, i) => 39 - i);
    const order = { epoch: 2, parts: [{ views: [0, 1], indices }] };
    const native = await createBatchMaker({ ...recipe, imageAddon: addon })(order);
    expect(native).toEqual(await createBatchMaker(recipe)(order));
  });

  test('refuses an image with fewer bytes than its size says', () => {
    const image = { width: 4, height: 4, pixels: new Uint8Array(47) };
    expect(() => renderBytes(native, { image, steps: [], made: image })).toThrow(
      'An image has fewer bytes than its size says.',
    );
  });

  test('refuses steps that make another size, and a view without room', () => {
    const image = { width: 4, height: 4, pixels: new Uint8Array(48) };
    const order = { images: [image], plans: [[{ steps: [], width: 4, height: 4 }]], first: 0 };
    const views = [new Float32Array(48)];
    expect(() => native({ ...order, views, size: 5 })).toThrow('The steps make another size.');
    expect(() => native({ ...order, views, size: 4, first: 1 })).toThrow('A view has no room for an image.');
  });

  test('loads into several threads of a process, and threads may end', async () => {
    const run = () =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(
          `const { workerData, parentPort } = require('node:worker_threads');
           const { renderViews } = require(workerData.addon);
           const view = new Float32Array(3);
           renderViews([Uint8Array.of(7, 8, 9)], Int32Array.of(1, 1), Float64Array.of(3, 0), workerData.tables, [view], 0, 1);
           parentPort.postMessage(view[2]);`,
          { eval: true, workerData: { addon, tables: plainTables } },
        );
        worker.once('message', resolve).once('error', reject);
      });
    expect(await Promise.all([run(), run(), run()])).toEqual([9, 9, 9]);
    expect(await run()).toBe(9);
  });

  test('a thread that is ended while it renders takes nothing with it', async () => {
    const { exitCode, stderr } = await execa(process.execPath, ['--eval', END_WHILE_RENDERING, addon!], {
      reject: false,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});
