// Gradients of the elementary tfjs kernels that training uses. tfjs-core registers its own only in
// builds that a bundler makes; its Node file has none, so they are registered here, for all engines.
// Fused operations carry their gradient themselves (customGrad in ops/).

import * as tf from '@tensorflow/tfjs-core';
import { isSpent } from './ops/backward.ts';

/** Inputs dy, y; attribute dyIsSpent. */
export const RELU_GRAD = 'MocolabReluGrad';
/** Input dy; attributes kept, shape, factor. */
export const SPREAD = 'MocolabSpread';

type GradientOf = tf.GradFunc;

const gradients: { readonly [kernelName: string]: Omit<tf.GradConfig, 'kernelName'> } = {
  Add: {
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({ a: () => sumTo(one(dy), a!), b: () => sumTo(one(dy), b!) }),
  },
  Sub: {
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({ a: () => sumTo(one(dy), a!), b: () => sumTo(tf.neg(one(dy)), b!) }),
  },
  Multiply: {
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(tf.mul(one(dy), b!), a!),
      b: () => sumTo(tf.mul(one(dy), a!), b!),
    }),
  },
  RealDiv: {
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b]) => ({
      a: () => sumTo(tf.div(one(dy), b!), a!),
      b: () => sumTo(tf.neg(tf.div(tf.mul(one(dy), a!), tf.square(b!))), b!),
    }),
  },
  Neg: { gradFunc: (dy) => ({ x: () => tf.neg(one(dy)) }) },
  Identity: { gradFunc: (dy) => ({ x: () => tf.clone(one(dy)) }) },
  Relu: {
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => gateByRelu(one(dy), y!) }),
  },
  Square: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(one(dy), tf.mul(x!, 2)) }),
  },
  Sqrt: {
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => tf.div(one(dy), tf.mul(y!, 2)) }),
  },
  Reshape: { inputsToSave: ['x'], gradFunc: (dy, [x]) => ({ x: () => tf.reshape(one(dy), x!.shape) }) },
  ExpandDims: {
    inputsToSave: ['input'],
    gradFunc: (dy, [x]) => ({ input: () => tf.reshape(one(dy), x!.shape) }),
  },
  Sum: { inputsToSave: ['x'], gradFunc: spreadReduction(() => 1) },
  Mean: { inputsToSave: ['x'], gradFunc: spreadReduction((x, axes) => 1 / countOver(x, axes)) },
  Concat: { saveAllInputs: true, gradFunc: splitConcatenation() },
  Slice: { inputsToSave: ['x'], gradFunc: padSlice() },
  // As functions, so that the gradient of the first convolution's images is never computed.
  Conv2D: {
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, [x, filter], attrs) => ({
      x: () =>
        runKernel(
          'Conv2DBackpropInput',
          { dy: one(dy), filter: filter! },
          { ...attrs, inputShape: x!.shape },
        ),
      filter: () =>
        runKernel('Conv2DBackpropFilter', { x: x!, dy: one(dy) }, { ...attrs, filterShape: filter!.shape }),
    }),
  },
  MaxPool: {
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, y], attrs) => ({
      x: () => runKernel('MaxPoolGrad', { dy: one(dy), input: x!, output: y! }, attrs),
    }),
  },
};

/** Registers the gradients; once a process, before the first backward pass. */
export function registerGradients(): void {
  for (const [kernelName, gradient] of Object.entries(gradients)) {
    tf.registerGradient({ kernelName, ...gradient });
  }
}

/** Gradient of a reduction: dy, spread over the reduced axes and scaled. */
function spreadReduction(scaleOf: (x: tf.Tensor, axes: readonly number[]) => number): GradientOf {
  return (dy, [x], attrs) => ({
    x: () => {
      const { axis } = attrs as unknown as { axis: number | number[] };
      const axes = tf.util.parseAxisParam(axis ?? x!.shape.map((_, i) => i), x!.shape);
      const kept = x!.shape.map((size, i) => (axes.includes(i) ? 1 : size));
      return spread(one(dy), { kept, shape: x!.shape, factor: scaleOf(x!, axes) });
    },
  });
}

/** `factor * dy`, of the shape `kept`, repeated where that has 1 and `shape` more. */
function spread(
  dy: tf.Tensor,
  attrs: { readonly kept: number[]; readonly shape: number[]; readonly factor: number },
): tf.Tensor {
  if (hasKernel(SPREAD)) return runKernel(SPREAD, { dy }, attrs);
  return tf.mul(tf.mul(tf.reshape(dy, attrs.kept), attrs.factor), tf.ones(attrs.shape));
}

/** dy where the output of ReLU is positive. */
function gateByRelu(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (hasKernel(RELU_GRAD)) return runKernel(RELU_GRAD, { dy, y }, { dyIsSpent: isSpent(dy) });
  return tf.mul(dy, tf.step(y));
}

/** Gradient of a slice: dy where it was cut out, zeros around. */
function padSlice(): GradientOf {
  return (dy, [x], attrs) => {
    const { begin, size } = attrs as unknown as { begin: number[]; size: number[] };
    const [from, lengths] = tf.slice_util.parseSliceParams(x!, begin, size) as [number[], number[]];
    const around = from.map((start, i): [number, number] => [start, x!.shape[i]! - start - lengths[i]!]);
    return { x: () => tf.pad(one(dy), around) };
  };
}

function splitConcatenation(): GradientOf {
  return (dy, saved, attrs) => {
    const { axis } = attrs as unknown as { axis: number };
    const along = tf.util.parseAxisParam(axis, saved[0]!.shape)[0]!;
    const parts = tf.split(
      one(dy),
      saved.map((x) => x.shape[along]!),
      along,
    );
    return Object.fromEntries(parts.map((part, i) => [String(i), () => part]));
  };
}

/** Sums `dy` over the axes along which `x` was broadcast. */
function sumTo(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(x.shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, x.shape);
}

function countOver(x: tf.Tensor, axes: readonly number[]): number {
  return axes.reduce((product, axis) => product * x.shape[axis]!, 1);
}

function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs) as tf.Tensor;
}

/** Whether the current backend has this kernel of ours. */
function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) != null;
}

function one(dy: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(dy) ? dy[0]! : dy;
}
