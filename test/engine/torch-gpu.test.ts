// What a GPU computes, as far as a machine without one can tell: its kernels as plain C++ and through NVRTC's
// compiler, and the operations that a GPU takes, on the CPU.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { readInstalledAddon, sourceFolder } from '../../src/engine/torch/addon-file.ts';
import { loadAddon, type TorchAddon } from '../../src/engine/torch/binding.ts';
import { startOnDevice } from '../../src/engine/torch/device.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const installed = readInstalledAddon();
const hasCompiler = spawnSync('g++', ['--version']).status === 0;
const draw = (count: number, name: string) => {
  const rng = stream(11, name);
  return Float32Array.from({ length: count }, () => rng.normal());
};

interface NormCase {
  readonly splits: number;
  readonly rows: number;
  readonly channels: number;
  readonly chunks: number;
  /** Of chunks, if their sums are folded before they are joined. */
  readonly groups?: number;
  readonly relu: boolean;
  readonly residual: boolean;
}

const cases: NormCase[] = [
  { splits: 1, rows: 40, channels: 5, chunks: 3, relu: false, residual: false },
  { splits: 1, rows: 40, channels: 5, chunks: 40, groups: 7, relu: true, residual: false },
  { splits: 2, rows: 21, channels: 7, chunks: 4, groups: 2, relu: true, residual: true },
  { splits: 3, rows: 8, channels: 2, chunks: 1, relu: false, residual: true },
];

/** BatchNorm in float64 by its formulas: y, mean, variance, dx, dScale, dOffset, gated. */
function computeNorm(of: NormCase, inputs: ReturnType<typeof drawInputs>): number[][] {
  const { splits, rows, channels } = of;
  const size = splits * rows * channels;
  const [y, dx, gated] = [new Array<number>(size), new Array<number>(size), new Array<number>(size)];
  const [mean, variance] = [[] as number[], [] as number[]];
  const [dScale, dOffset] = [new Array<number>(channels).fill(0), new Array<number>(channels).fill(0)];
  for (let split = 0; split < splits; split++)
    for (let c = 0; c < channels; c++) {
      const places = Array.from({ length: rows }, (_, row) => (split * rows + row) * channels + c);
      const average = (of: (i: number) => number) => places.reduce((sum, i) => sum + of(i), 0) / rows;
      const m = average((i) => inputs.x[i]!);
      const v = average((i) => (inputs.x[i]! - m) ** 2);
      const std = Math.sqrt(v + 1e-5);
      mean.push(m);
      variance.push(v);
      const normalised = (i: number) => (inputs.x[i]! - m) / std;
      for (const i of places) {
        const value = normalised(i) * inputs.scale[c]! + inputs.offset[c]! + (inputs.residual[i] ?? 0);
        y[i] = of.relu ? Math.max(0, value) : value;
        gated[i] = of.relu && value <= 0 ? 0 : inputs.dy[i]!;
      }
      const meanG = average((i) => gated[i]!);
      const meanProduct = average((i) => gated[i]! * normalised(i));
      for (const i of places)
        dx[i] = (inputs.scale[c]! / std) * (gated[i]! - meanG - normalised(i) * meanProduct);
      dScale[c]! += meanProduct * rows;
      dOffset[c]! += meanG * rows;
    }
  return [y, mean, variance, dx, dScale, dOffset, gated];
}

function drawInputs({ splits, rows, channels, residual }: NormCase) {
  const size = splits * rows * channels;
  return {
    // A mean that is large beside the spread: naive sums of squares would cancel.
    x: draw(size, 'x').map((value) => Math.fround(value + 30)),
    scale: draw(channels, 'scale'),
    offset: draw(channels, 'offset'),
    residual: draw(residual ? size : 0, 'residual'),
    dy: draw(size, 'dy'),
  };
}

describe.skipIf(!hasCompiler)('the kernels for GPUs, as plain C++', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'kernels-'));
    for (const storage of ['float', 'bfloat16']) {
      const includes = ['-I', 'test/helpers', '-I', sourceFolder, `-DSTORAGE="storage-${storage}.cuh"`];
      const output = path.join(folder, storage);
      const args = ['-std=c++17', '-O1', ...includes, 'test/helpers/run-batch-norm-kernels.cc', '-o', output];
      expect(spawnSync('g++', args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (storage: string, of: NormCase, inputs: ReturnType<typeof drawInputs>) => {
    const sizes = [
      of.splits,
      of.rows,
      of.channels,
      of.chunks,
      of.groups ?? 0,
      Number(of.relu),
      Number(of.residual),
    ];
    const { x, scale, offset, residual, dy } = inputs;
    const input = [sizes, x, scale, offset, residual, dy].map((part) => part.join(' ')).join('\n');
    const { status, stdout } = spawnSync(path.join(folder, storage), { input, encoding: 'utf8' });
    expect(status).toBe(0);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(' ').map(Number));
  };

  test.each(cases)('give BatchNorm and its gradient in float32: %j', (of) => {
    const inputs = drawInputs(of);
    const [got, expected] = [run('float', of, inputs), computeNorm(of, inputs)];
    expectAllClose(got, expected, 2e-5);
  });

  test.each(cases)('give the same from numbers in bfloat16, to its 8 bits: %j', (of) => {
    const drawn = drawInputs(of);
    const inputs = {
      ...drawn,
      x: drawn.x.map(toBfloat16),
      residual: drawn.residual.map(toBfloat16),
      dy: drawn.dy.map(toBfloat16),
    };
    const [got, expected] = [run('bfloat16', of, inputs), computeNorm(of, inputs)];
    expectAllClose(got, expected, 2 ** -8);
  });
});

/** To the nearest, halves to even. */
function toBfloat16(value: number): number {
  const floats = Float32Array.of(value);
  const [bits] = new Uint32Array(floats.buffer);
  return new Float32Array(
    Uint32Array.of(((bits! + 0x7fff + ((bits! >>> 16) & 1)) & 0xffff0000) >>> 0).buffer,
  )[0]!;
}

/** NVRTC of this machine: $NVRTC, beside libtorch, the toolkit's. */
function findNvrtc(): string | undefined {
  if (process.env.NVRTC) return process.env.NVRTC;
  const roots = [path.join(installed?.libtorch ?? '', '../../nvidia/cu13/lib'), '/usr/local/cuda/lib64'];
  return roots
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root).map((name) => path.join(root, name)))
    .find((file) => /libnvrtc\.so[.\d]*$/.test(file));
}

describe.skipIf(!installed || !findNvrtc())('NVRTC', () => {
  test.each(['float', 'bfloat16'] as const)('compiles the kernels of %s for today’s GPUs', (storage) => {
    const addon = loadAddon(installed!.addon);
    for (const architecture of ['sm_80', 'sm_90', 'sm_100'])
      expect(addon.compile(sourceFolder, storage, architecture, findNvrtc()!)).toBeGreaterThan(1000);
  });

  test('says what is wrong with a kernel that does not compile', () => {
    const addon = loadAddon(installed!.addon);
    expect(addon.compile(sourceFolder, 'float', 'sm_1', findNvrtc()!)).toMatch(/arch/);
  });
});

describe.skipIf(!installed)('the operations that a GPU takes, on the CPU', () => {
  let engine: Engine;
  let addon: TorchAddon;
  beforeAll(async () => {
    engine = await createEngine('torch', { device: 'cpu' });
    addon = loadAddon(installed!.addon);
  });
  afterAll(() => addon.useComposed(false));

  /** What `compute` gives by the CPU's loops, and by ATen's operations. */
  async function compare(compute: () => Promise<ArrayLike<number>[]>): Promise<void> {
    addon.useComposed(false);
    const expected = await compute();
    addon.useComposed(true);
    const got = await compute();
    expectAllClose(got, expected, 1e-4);
  }

  const read = async (tensors: readonly tf.Tensor[]) => {
    const values = await Promise.all(tensors.map((tensor) => tensor.data()));
    tf.dispose([...tensors]);
    return values;
  };
  const images = (name: string, shape: [number, number, number, number]) =>
    tf.tensor4d(
      draw(
        shape.reduce((a, b) => a * b),
        name,
      ),
      shape,
    );

  test.each([
    { relu: true, withResidual: true, splits: 1 },
    { relu: true, withResidual: false, splits: 2 },
    { relu: false, withResidual: false, splits: 1 },
  ])('are BatchNorm and its gradient: %j', async ({ relu, withResidual, splits }) => {
    await compare(async () => {
      const x = tf.variable(images('x', [4, 3, 3, 5]));
      const residual = tf.variable(images('residual', [4, 3, 3, 5]));
      const weights = images('weights', [4, 3, 3, 5]);
      const [scale, offset] = ['scale', 'offset'].map((name) => tf.variable(tf.tensor1d(draw(5, name))));
      const running = {
        mean: tf.variable(tf.tensor1d(draw(5, 'mean'))),
        variance: tf.variable(tf.tensor1d(draw(5, 'variance'))),
        shareOfNew: 0.1,
      };
      const { loss, gradients } = engine.ops.computeGradients(() => {
        const { y } = engine.ops.batchNormTraining(x as never, {
          scale: scale as never,
          offset: offset as never,
          epsilon: 1e-5,
          relu,
          splits,
          running,
          ...(withResidual ? { residual: residual as never } : {}),
        });
        return tf.sum(tf.mul(y, weights)) as tf.Scalar;
      }, [x, scale!, offset!, residual]);
      const results = await read([loss, ...gradients]);
      const tracked = await read([running.mean, running.variance]);
      tf.dispose([x, residual, weights, scale!, offset!]);
      return [...results, ...tracked];
    });
  });

  test('is InfoNCE with ranks and gradient', async () => {
    await compare(async () => {
      const q = tf.variable(tf.tensor2d(draw(24, 'q'), [4, 6]));
      const [k, queue] = [tf.tensor2d(draw(24, 'k'), [4, 6]), tf.tensor2d(draw(60, 'queue'), [6, 10])];
      let rank: tf.Tensor | undefined;
      const { loss, gradients } = engine.ops.computeGradients(() => {
        const found = engine.ops.infoNce({ q: q as never, k, queue, temperature: 0.2 });
        rank = tf.keep(found.rank);
        return found.loss;
      }, [q]);
      const results = await read([loss, ...gradients, rank!]);
      tf.dispose([q, k, queue]);
      return results;
    });
  });

  test('is softmax cross-entropy with its gradient', async () => {
    await compare(async () => {
      const logits = tf.variable(tf.tensor2d(draw(15, 'logits'), [3, 5]));
      const labels = tf.tensor1d([4, 0, 2], 'int32');
      const { loss, gradients } = engine.ops.computeGradients(
        () => engine.ops.softmaxCrossEntropy(logits as never, labels),
        [logits],
      );
      const results = await read([loss, ...gradients]);
      tf.dispose([logits, labels]);
      return results;
    });
  });

  test('are two steps of SGD and the momentum update, filters laid out as convolutions left them', async () => {
    await compare(async () => {
      const filter = tf.variable(images('filter', [3, 3, 2, 4]));
      const velocity = tf.variable(tf.zerosLike(filter as tf.Tensor));
      const key = tf.variable(images('key', [3, 3, 2, 4]));
      const x = images('x', [2, 5, 5, 2]);
      for (let step = 0; step < 2; step++) {
        const { loss, gradients } = engine.ops.computeGradients(
          () =>
            tf.sum(tf.square(engine.ops.conv2d(x, filter as never, { stride: 1, padding: 1 }))) as tf.Scalar,
          [filter],
        );
        engine.ops.sgdStep([filter], gradients, [velocity], { lr: 0.001, momentum: 0.9, weightDecay: 0.1 });
        engine.ops.momentumUpdate([key], [filter], 0.9);
        tf.dispose([loss, ...gradients]);
      }
      x.dispose();
      return read([filter, velocity, key]);
    });
  });

  test('is max-pooling with its gradient', async () => {
    await compare(async () => {
      const x = tf.variable(images('x', [2, 7, 6, 3]));
      const weights = images('weights', [2, 4, 3, 3]);
      const { loss, gradients } = engine.ops.computeGradients(() => {
        const y = engine.ops.maxPool(x as never, { size: 3, stride: 2, padding: 1 });
        return tf.sum(tf.mul(y, weights)) as tf.Scalar;
      }, [x]);
      const results = await read([loss, ...gradients]);
      tf.dispose([x, weights]);
      return results;
    });
  });
});

test('every new tensor of the addon is told its device, except in loops that only a CPU runs', () => {
  const loops = new Set(['batch-norm.cc', 'losses.cc', 'pooling.cc']);
  const factories = /at::(?:empty|zeros|ones|full|arange|linspace|scalar_tensor|eye|rand|randn)\(/g;
  const untold = readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.cc') && !loops.has(name))
    .flatMap((name) => {
      const text = readFileSync(path.join(sourceFolder, name), 'utf8');
      return [...text.matchAll(factories)].flatMap(({ index }) => {
        const statement = text.slice(index, text.indexOf(';', index));
        const told = /\bon\(|options\(\)|TensorOptions|\.device\(/.test(statement);
        return told ? [] : [`${name}: ${statement}`];
      });
    });
  expect(untold).toEqual([]);
});

test.skipIf(!installed || spawnSync('nvidia-smi').status === 0)(
  'a machine without a GPU computes on the CPU, and a GPU that is demanded is a problem',
  async () => {
    const { description } = await createEngine('torch');
    expect(description.device).toBe(installed!.cuda ? 'CPU (there is no NVIDIA driver)' : 'CPU');
    const why = installed!.cuda ? 'there is no NVIDIA driver' : 'the addon was built without CUDA';
    const addon = loadAddon(installed!.addon);
    expect(addon.whyNoGpu()).toBe(why);
    expect(catchProblems(() => startOnDevice(addon, { device: 'cuda' }))).toEqual([
      {
        code: 'ENGINE_DEVICE',
        message: `Expected the engine torch to find a GPU but ${why}.`,
        hint: '`moco doctor` shows the GPUs and the engine. An addon for GPUs is built against a libtorch for CUDA: `moco engine install torch --libtorch DIR`.',
      },
    ]);
  },
);

function expectAllClose(
  got: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  tolerance: number,
): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, values] of got.entries()) expectClose(values, expected[i]!, tolerance);
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const bound = tolerance * Math.max(1, Math.abs(expected[i]!));
    expect(Math.abs(got[i]! - expected[i]!), `${i}: ${got[i]}, not ${expected[i]}`).toBeLessThanOrEqual(
      bound,
    );
  }
}
