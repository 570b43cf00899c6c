// Input gradient of a convolution as convolutions of dy, which run on XNNPACK; the stock kernel is
// a plain loop, ten times slower. With stride s the gradient falls into s x s phases: the rows
// y = phase (mod s) of dx see only every s-th row of the filter, so each phase is a small
// convolution of its own, without a multiplication by zero.

import * as tf from '@tensorflow/tfjs-core';
import { allocateFloats, type KernelCall, registerHeapKernel, viewFloats } from './heap.ts';

const INTERLEAVE = 'MocolabInterleave';
const PICK_TAPS = 'MocolabPickTaps';

/** Registers Conv2DBackpropInput in place of the stock kernel; once a process. */
export function registerInputGradient(): void {
  registerHeapKernel(INTERLEAVE, interleave);
  registerHeapKernel(PICK_TAPS, pickTaps);
  registerHeapKernel('Conv2DBackpropInput', ({ inputs, attrs }) => {
    const { strides, pad, inputShape } = attrs as {
      strides: number | [number, number];
      pad: number;
      inputShape: [number, number, number, number];
    };
    const stride = Array.isArray(strides) ? strides[0] : strides;
    return tf.tidy(() =>
      inputGradient(inputs.dy as tf.Tensor4D, inputs.filter as tf.Tensor4D, {
        stride,
        padding: pad,
        inputShape,
      }),
    );
  });
}

interface Geometry {
  readonly stride: number;
  readonly padding: number;
  readonly inputShape: [number, number, number, number];
}

/** Which rows (or columns) of the filter a phase sees, and how dy is padded before and after. */
interface PhaseAxis {
  readonly taps: readonly number[];
  readonly before: number;
  readonly after: number;
}

function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
  const { stride, inputShape } = geometry;
  if (stride === 1) return convolvePhase(dy, filter, [0, 0], geometry)!;
  const inputs: tf.NamedTensorMap = {};
  for (let py = 0; py < stride; py++) {
    for (let px = 0; px < stride; px++) {
      const part = convolvePhase(dy, filter, [py, px], geometry);
      if (part) inputs[`${py},${px}`] = part;
    }
  }
  return tf.engine().runKernel(INTERLEAVE, inputs, { stride, inputShape }) as tf.Tensor4D;
}

/** Rows py, py + s, ... and columns px, px + s, ... of dx; undefined where they are all zero. */
function convolvePhase(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  [py, px]: [number, number],
  { stride, padding, inputShape }: Geometry,
): tf.Tensor4D | undefined {
  const [kh, kw] = filter.shape;
  const rows = planPhase({
    phase: py,
    stride,
    padding,
    kernel: kh,
    inputSize: inputShape[1],
    outputSize: dy.shape[1],
  });
  const columns = planPhase({
    phase: px,
    stride,
    padding,
    kernel: kw,
    inputSize: inputShape[2],
    outputSize: dy.shape[2],
  });
  if (!rows || !columns) return undefined;
  const picked = { rows: rows.taps, columns: columns.taps } as unknown as tf.NamedAttrMap;
  const taps = tf.engine().runKernel(PICK_TAPS, { filter }, picked) as tf.Tensor4D;
  const fitted = fit(dy, rows, columns);
  return tf.conv2d(fitted, taps, 1, 'valid') as tf.Tensor4D;
}

/**
 * dx[y] = sum over ky of dy[(y + p - ky) / s] W[ky], where the division has no rest. For y = phase + s i
 * the taps ky step by s, and the index into dy is i plus an offset that falls as ky grows.
 */
function planPhase(axis: {
  phase: number;
  stride: number;
  padding: number;
  kernel: number;
  inputSize: number;
  outputSize: number;
}): PhaseAxis | undefined {
  const { phase, stride, padding, kernel, inputSize, outputSize } = axis;
  const length = Math.ceil((inputSize - phase) / stride);
  const taps = Array.from({ length: kernel }, (_, k) => k)
    .filter((k) => (phase + padding - k) % stride === 0)
    .reverse();
  if (taps.length === 0 || length <= 0) return undefined;
  const firstOffset = (phase + padding - taps[0]!) / stride;
  const lastOffset = firstOffset + taps.length - 1;
  return { taps, before: -firstOffset, after: length - 1 + lastOffset - (outputSize - 1) };
}

/** The filter's rows and columns in the given order, channels swapped: [kh, kw, C, K] -> [rows, columns, K, C]. */
function pickTaps({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { rows, columns } = attrs as { rows: readonly number[]; columns: readonly number[] };
  const [, kw, c, k] = inputs.filter!.shape as [number, number, number, number];
  const out = allocateFloats(backend, [rows.length, columns.length, k, c]);
  const from = viewFloats(backend, inputs.filter!);
  const to = viewFloats(backend, out);
  let target = 0;
  for (const row of rows) {
    for (const column of columns) {
      const tap = (row * kw + column) * c * k;
      for (let output = 0; output < k; output++) {
        for (let source = tap + output, end = source + c * k; source < end; source += k)
          to[target++] = from[source]!;
      }
    }
  }
  return out;
}

/** Pads dy with zeros where the plan asks for more than there is, and cuts it where it asks for less. */
function fit(dy: tf.Tensor4D, rows: PhaseAxis, columns: PhaseAxis): tf.Tensor4D {
  const [n, h, w, k] = dy.shape;
  const cut = (axis: PhaseAxis, size: number) => {
    const begin = Math.max(0, -axis.before);
    return { begin, size: size - begin - Math.max(0, -axis.after) };
  };
  const y = cut(rows, h);
  const x = cut(columns, w);
  const kept =
    y.size === h && x.size === w ? dy : tf.slice(dy, [0, y.begin, x.begin, 0], [n, y.size, x.size, k]);
  const around = [rows.before, rows.after, columns.before, columns.after].map((size) => Math.max(0, size));
  if (around.every((size) => size === 0)) return kept;
  return tf.pad(kept, [
    [0, 0],
    [around[0]!, around[1]!],
    [around[2]!, around[3]!],
    [0, 0],
  ]) as tf.Tensor4D;
}

/** Writes each phase to its rows and columns of dx; what no phase covers is zero. */
function interleave({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { stride, inputShape } = attrs as { stride: number; inputShape: [number, number, number, number] };
  const [n, height, width, c] = inputShape;
  const out = allocateFloats(backend, inputShape);
  const dx = viewFloats(backend, out);
  if (Object.keys(inputs).length < stride * stride) dx.fill(0);
  for (const [name, tensor] of Object.entries(inputs)) {
    const [py, px] = name.split(',').map(Number) as [number, number];
    const [, rows, columns] = tensor.shape as [number, number, number, number];
    const part = viewFloats(backend, tensor);
    let source = 0;
    for (let image = 0; image < n; image++) {
      for (let row = 0; row < rows; row++) {
        let target = ((image * height + py + row * stride) * width + px) * c;
        for (let column = 0; column < columns; column++, target += (stride - 1) * c) {
          for (let channel = 0; channel < c; channel++) dx[target++] = part[source++]!;
        }
      }
    }
  }
  return out;
}
