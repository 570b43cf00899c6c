// What a kernel of this backend is, and how it becomes one of tfjs's. An error of the addon is told with
// the op, its shapes and its types.

import * as tf from '@tensorflow/tfjs-core';
import { type Problem, ProblemError } from '../../core/problem.ts';
import type { TorchBackend } from './backend.ts';
import { dtypeNumber } from './binding.ts';
import type { BinaryOps, ReductionOps, UnaryOps } from './bindings/elementwise.ts';
import { expectDifferent, expectOneType } from './checks.ts';
import { createSignatureCheck } from './signatures.ts';

/** One call of a kernel. */
export interface KernelCall {
  readonly inputs: { readonly [name: string]: tf.TensorInfo };
  readonly attrs: { readonly [name: string]: unknown };
  readonly backend: TorchBackend;
}

export interface TorchKernel {
  readonly kernelName: string;
  readonly run: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
}

/** Registers the kernels for the backend `torch`, and an error that says so for every kernel that it lacks. */
export function registerTorchKernels(kernels: readonly TorchKernel[]): void {
  for (const kernel of kernels) registerTorchKernel(kernel);
  for (const kernelName of listKernelNames()) {
    if (!tf.getKernel(kernelName, 'torch')) register(kernelName, () => refuse(kernelName));
  }
}

function registerTorchKernel({ kernelName, run }: TorchKernel): void {
  const check = createSignatureCheck(kernelName);
  register(kernelName, (call) =>
    named(
      call.backend,
      () => `${kernelName}(${describeInputs(call.inputs)})`,
      () => {
        check(call);
        return run(call);
      },
    ),
  );
}

/** Runs `body`; what it throws begins with the name of the call. Throws ENGINE_OUT_OF_MEMORY. */
export function named<Result>(backend: TorchBackend, call: () => string, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    const fact = firstLine(error);
    if (/out of memory/i.test(fact)) throw new ProblemError(reportOutOfMemory(backend, call()));
    throw new Error(`${call()}: ${fact}`);
  }
}

function register(kernelName: string, kernelFunc: TorchKernel['run']): void {
  tf.registerKernel({
    kernelName,
    backendName: 'torch',
    kernelFunc: kernelFunc as unknown as tf.KernelFunc,
  });
}

/** tfjs exports the name of each of its kernels as a constant of that name. */
function listKernelNames(): string[] {
  return Object.entries(tf)
    .filter(([name, value]) => name === value)
    .map(([name]) => name);
}

function refuse(kernelName: string): never {
  throw new Error(`The torch engine has no kernel ${kernelName}.`);
}

/** Too little memory is the user's to mend; anything else of a kernel is a bug. */
function reportOutOfMemory({ addon }: TorchBackend, call: string): Problem {
  const gigabytes = (addon.memory().liveBytes / 2 ** 30).toFixed(1);
  const device = addon.describe().device ?? 'the CPU';
  return {
    code: 'ENGINE_OUT_OF_MEMORY',
    message: `Expected ${call} to find memory on ${device} but ${gigabytes} GB are in use and no more is free.`,
    hint: 'Lower batchSize, or use --set precision=bf16, which halves the activations.',
  };
}

/** A kernel of one input whose output has its shape, and its type unless another is said. */
export function unaryKernel(kernelName: keyof UnaryOps, dtype?: tf.DataType): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, backend }) => {
      const x = inputs.x!;
      return backend.adopt(backend.addon[kernelName](backend.handleOf(x)), x.shape, dtype ?? x.dtype);
    },
  };
}

/** A kernel of two inputs of one type that broadcast; the output has that type unless another is said. */
export function binaryKernel(kernelName: keyof BinaryOps, dtype?: tf.DataType): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, backend }) => {
      const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
      expectOneType([a, b]);
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const handle = backend.addon[kernelName](backend.handleOf(a), backend.handleOf(b));
      return backend.adopt(handle, shape, dtype ?? a.dtype);
    },
  };
}

/** A kernel that reduces axes: all of them where none are said. */
export function reductionKernel(
  kernelName: keyof ReductionOps,
  typeOf: (dtype: tf.DataType) => tf.DataType = (dtype) => dtype,
): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      const { axes, keepDims } = readReduction(attrs, x.shape);
      const dtype = typeOf(x.dtype);
      const [kept] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
      const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(kept, axes) : kept;
      // ATen takes no axes for all axes; tfjs means none.
      const handle =
        axes.length > 0
          ? backend.addon[kernelName](backend.handleOf(x), axes, keepDims)
          : backend.addon.Cast(backend.handleOf(x), dtypeNumber(dtype));
      return backend.adopt(handle, shape, dtype);
    },
  };
}

/** A kernel that gives the place of a number along one axis. */
export function argReductionKernel(kernelName: 'ArgMax' | 'ArgMin'): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      const axis = tf.util.parseAxisParam((attrs as { axis: number }).axis, x.shape)[0]!;
      if (x.shape[axis] === 0) throw new Error(`axis ${axis} is empty`);
      const shape = x.shape.filter((_, i) => i !== axis);
      return backend.adopt(backend.addon[kernelName](backend.handleOf(x), axis), shape, 'int32');
    },
  };
}

/** A kernel that sums up, or multiplies, along an axis. */
export function runningKernel(kernelName: 'Cumsum' | 'Cumprod'): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.x!;
      const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
      const along = tf.util.parseAxisParam(axis, x.shape)[0]!;
      const handle = backend.addon[kernelName](backend.handleOf(x), along, exclusive, reverse);
      return backend.adopt(handle, x.shape, x.dtype);
    },
  };
}

/** `axis` and `reductionIndices` are the names that tfjs uses for the same. */
function readReduction(
  attrs: KernelCall['attrs'],
  shape: readonly number[],
): { readonly axes: number[]; readonly keepDims: boolean } {
  const {
    axis,
    reductionIndices,
    keepDims = false,
  } = attrs as {
    axis?: number | number[];
    reductionIndices?: number | number[];
    keepDims?: boolean;
  };
  const all = shape.map((_, i) => i);
  const axes = tf.util.parseAxisParam(axis ?? reductionIndices ?? all, [...shape]);
  expectDifferent(axes);
  return { axes: axes.sort((a, b) => a - b), keepDims };
}

function describeInputs(inputs: KernelCall['inputs']): string {
  return Object.entries(inputs)
    .filter(([, tensor]) => tensor)
    .map(([name, { shape, dtype }]) => `${name} ${dtype} [${shape}]`)
    .join(', ');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
