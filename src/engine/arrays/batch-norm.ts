// BatchNorm's two passes as loops over arrays: three reads of x forward, two of x, y and dy
// backward, and no temporaries. Sums run in float64.

import type * as tf from '@tensorflow/tfjs-core';
import { BATCH_NORM, BATCH_NORM_GRAD } from '../ops/kernel-batch-norm.ts';
import type { ArrayKernelCall, ArrayKernels } from './array-kernel.ts';

export const batchNormKernels: ArrayKernels = { [BATCH_NORM]: forward, [BATCH_NORM_GRAD]: backward };

function forward({ inputs, attrs, arrays }: ArrayKernelCall): tf.TensorInfo[] {
  const { epsilon, relu } = attrs as { epsilon: number; relu: boolean };
  const [splits, rows, channels] = inputs.x!.shape as [number, number, number];
  const out = [inputs.x!.shape, [splits, channels], [splits, channels]].map((shape) =>
    arrays.allocate(shape),
  );
  const x = arrays.view(inputs.x!);
  const scale = arrays.view(inputs.scale!);
  const offset = arrays.view(inputs.offset!);
  const residual = inputs.residual && arrays.view(inputs.residual);
  const [y, mean, variance] = out.map((tensor) => arrays.view(tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let split = 0; split < splits; split++) {
    const from = split * rows * channels;
    const end = from + rows * channels;
    const means = meanPerChannel(x, from, end, channels);
    const variances = variancePerChannel(x, from, end, means);
    mean.set(means, split * channels);
    variance.set(variances, split * channels);
    const factor = Float64Array.from(variances, (v, c) => scale[c]! / Math.sqrt(v + epsilon));
    const shift = Float64Array.from(factor, (f, c) => offset[c]! - means[c]! * f);
    applyAffine({ x, y, from, end, factor, shift, residual, floor: relu ? 0 : Number.NEGATIVE_INFINITY });
  }
  return out;
}

function backward({ inputs, attrs, arrays }: ArrayKernelCall): tf.TensorInfo[] {
  const { epsilon, relu } = attrs as { epsilon: number; relu: boolean };
  const [splits, rows, channels] = inputs.x!.shape as [number, number, number];
  const shapes = [inputs.x!.shape, [channels], [channels], inputs.x!.shape];
  const out = shapes.map((shape) => arrays.allocate(shape));
  const view = (name: string) => arrays.view(inputs[name]!);
  const [dy, x, y, scale, mean, variance] = ['dy', 'x', 'y', 'scale', 'mean', 'variance'].map(
    view,
  ) as Float32Array[];
  const [dx, dScale, dOffset, gated] = out.map((tensor) => arrays.view(tensor)) as Float32Array[];
  gate({ dy: dy!, y: y!, gated: gated!, relu });
  const sumProjected = new Float64Array(channels);
  const sumGated = new Float64Array(channels);
  for (let split = 0; split < splits; split++) {
    const from = split * rows * channels;
    const end = from + rows * channels;
    const means = Float64Array.from(mean!.subarray(split * channels, (split + 1) * channels));
    const inverseStd = Float64Array.from(
      variance!.subarray(split * channels, (split + 1) * channels),
      (v) => 1 / Math.sqrt(v + epsilon),
    );
    const sums = sumGradients({ gated: gated!, x: x!, from, end, means, inverseStd });
    // dx = scale / std * (g - mean(g) - xhat * mean(g xhat)), as a linear form in g and x.
    const ofGated = Float64Array.from(inverseStd, (s, c) => s * scale![c]!);
    const ofX = Float64Array.from(inverseStd, (s, c) => (-ofGated[c]! * s * sums.projected[c]!) / rows);
    const constant = Float64Array.from(means, (m, c) => -ofX[c]! * m - (ofGated[c]! * sums.gated[c]!) / rows);
    combine({ gated: gated!, x: x!, dx: dx!, from, end, ofGated, ofX, constant });
    for (let c = 0; c < channels; c++) {
      sumProjected[c] = sumProjected[c]! + sums.projected[c]!;
      sumGated[c] = sumGated[c]! + sums.gated[c]!;
    }
  }
  dScale!.set(sumProjected);
  dOffset!.set(sumGated);
  return out;
}

function meanPerChannel(x: Float32Array, from: number, end: number, channels: number): Float64Array {
  const sums = new Float64Array(channels);
  for (let i = from; i < end; ) {
    for (let c = 0; c < channels; c++, i++) sums[c] = sums[c]! + x[i]!;
  }
  const rows = (end - from) / channels;
  return sums.map((sum) => sum / rows);
}

function variancePerChannel(x: Float32Array, from: number, end: number, means: Float64Array): Float64Array {
  const channels = means.length;
  const sums = new Float64Array(channels);
  for (let i = from; i < end; ) {
    for (let c = 0; c < channels; c++, i++) {
      const centred = x[i]! - means[c]!;
      sums[c] = sums[c]! + centred * centred;
    }
  }
  const rows = (end - from) / channels;
  return sums.map((sum) => sum / rows);
}

interface AffineLoop {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly from: number;
  readonly end: number;
  readonly factor: Float64Array;
  readonly shift: Float64Array;
  readonly residual: Float32Array | undefined;
  /** 0 with ReLU, minus infinity without. */
  readonly floor: number;
}

function applyAffine({ x, y, from, end, factor, shift, residual, floor }: AffineLoop): void {
  const channels = factor.length;
  for (let i = from; i < end; ) {
    for (let c = 0; c < channels; c++, i++) {
      const value = x[i]! * factor[c]! + shift[c]! + (residual === undefined ? 0 : residual[i]!);
      y[i] = value < floor ? floor : value;
    }
  }
}

function gate(pass: { dy: Float32Array; y: Float32Array; gated: Float32Array; relu: boolean }): void {
  const { dy, y, gated, relu } = pass;
  if (!relu) {
    gated.set(dy);
    return;
  }
  for (let i = 0; i < gated.length; i++) gated[i] = y[i]! > 0 ? dy[i]! : 0;
}

interface GradientLoop {
  readonly gated: Float32Array;
  readonly x: Float32Array;
  readonly from: number;
  readonly end: number;
}

function sumGradients(loop: GradientLoop & { means: Float64Array; inverseStd: Float64Array }) {
  const { gated, x, from, end, means, inverseStd } = loop;
  const channels = means.length;
  const sums = { gated: new Float64Array(channels), projected: new Float64Array(channels) };
  for (let i = from; i < end; ) {
    for (let c = 0; c < channels; c++, i++) {
      sums.gated[c] = sums.gated[c]! + gated[i]!;
      sums.projected[c] = sums.projected[c]! + gated[i]! * (x[i]! - means[c]!);
    }
  }
  sums.projected.forEach((sum, c) => {
    sums.projected[c] = sum * inverseStd[c]!;
  });
  return sums;
}

function combine(
  loop: GradientLoop & { dx: Float32Array; ofGated: Float64Array; ofX: Float64Array; constant: Float64Array },
): void {
  const { gated, x, dx, from, end, ofGated, ofX, constant } = loop;
  const channels = ofGated.length;
  for (let i = from; i < end; ) {
    for (let c = 0; c < channels; c++, i++) dx[i] = gated[i]! * ofGated[c]! + x[i]! * ofX[c]! + constant[c]!;
  }
}
