// Filter gradient of a convolution, which the wasm backend lacks, as a convolution itself: channels
// become the batch and the batch the channels, dy is the filter, and the stride its dilation:
//   dW[ky, kx, c, k] = sum over n, oy, ox of x[n, oy s + ky - p, ox s + kx - p, c] dy[n, oy, ox, k]
// XNNPACK runs that near its speed for forward convolutions. Padding is given per side: as one number,
// tfjs takes the filter for square and allocates too little.

import * as tf from '@tensorflow/tfjs-core';
import { allocateFloats, type KernelCall, registerHeapKernel, viewFloats } from './heap.ts';

const SWAP = 'MocolabSwapBatchAndChannels';
const BATCH_INNER = 'MocolabBatchBeforeChannels';

/** Registers Conv2DBackpropFilter and its two layout kernels; once a process. */
export function registerFilterGradient(): void {
  registerHeapKernel(SWAP, swapBatchAndChannels);
  registerHeapKernel(BATCH_INNER, moveBatchBeforeChannels);
  registerHeapKernel('Conv2DBackpropFilter', ({ inputs, attrs }) => {
    const { strides, pad, filterShape } = attrs as { strides: Stride; pad: number; filterShape: FilterShape };
    return tf.tidy(() =>
      filterGradient(
        inputs.x as tf.Tensor4D,
        inputs.dy as tf.Tensor4D,
        [strideOf(strides), pad],
        filterShape,
      ),
    );
  });
}

type Stride = number | [number, number];
type FilterShape = [number, number, number, number];

function strideOf(strides: Stride): number {
  return Array.isArray(strides) ? strides[0] : strides;
}

function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  [stride, padding]: [number, number],
  [kh, kw, c, k]: FilterShape,
): tf.Tensor4D {
  if (kh === 1 && kw === 1 && stride === 1 && padding === 0) return pointwiseGradient(x, dy);
  const images = runKernel(SWAP, { x }) as tf.Tensor4D; // [C, H, W, N]
  const filter = runKernel(BATCH_INNER, { x: dy }) as tf.Tensor4D; // [OH, OW, N, K]
  const around: [number, number] = [padding, padding];
  const full = tf.conv2d(images, filter, 1, [[0, 0], around, around, [0, 0]], 'NHWC', stride) as tf.Tensor4D; // [C, >= kh, >= kw, K]
  const cut = tf.slice(full, [0, 0, 0, 0], [c, kh, kw, k]);
  return tf.transpose(cut, [1, 2, 0, 3]); // [kh, kw, C, K]
}

/** 1x1: one matrix product over all pixels, with the channels as the pixels of one image. */
function pointwiseGradient(x: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const k = dy.shape[3];
  const rows = n * h * w;
  const columns = runKernel(SWAP, { x: tf.reshape(x, [rows, 1, 1, c]) }) as tf.Tensor4D; // [C, 1, 1, NHW]
  const image = tf.reshape(columns, [1, 1, c, rows]) as tf.Tensor4D;
  const product = tf.conv2d(image, tf.reshape(dy, [1, 1, rows, k]) as tf.Tensor4D, 1, 'valid');
  return tf.reshape(product, [1, 1, c, k]);
}

function runKernel(name: string, inputs: tf.NamedTensorMap): tf.Tensor {
  return tf.engine().runKernel(name, inputs) as tf.Tensor;
}

/** [N, H, W, C] -> [C, H, W, N], by blocks of pixels so that reads and writes stay in cache. */
function swapBatchAndChannels({ inputs, backend }: KernelCall): tf.TensorInfo {
  const [n, h, w, c] = inputs.x!.shape as FilterShape;
  const out = allocateFloats(backend, [c, h, w, n]);
  const from = viewFloats(backend, inputs.x!);
  const to = viewFloats(backend, out);
  const pixels = h * w;
  const block = 16;
  for (let n0 = 0; n0 < n; n0 += block) {
    const nEnd = Math.min(n0 + block, n);
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < c; channel++) {
        const target = (channel * pixels + pixel) * n;
        for (let i = n0; i < nEnd; i++) to[target + i] = from[(i * pixels + pixel) * c + channel]!;
      }
    }
  }
  return out;
}

/** [N, H, W, K] -> [H, W, N, K]. */
function moveBatchBeforeChannels({ inputs, backend }: KernelCall): tf.TensorInfo {
  const [n, h, w, k] = inputs.x!.shape as FilterShape;
  const out = allocateFloats(backend, [h, w, n, k]);
  const from = viewFloats(backend, inputs.x!);
  const to = viewFloats(backend, out);
  const pixels = h * w;
  for (let i = 0; i < n; i++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const source = (i * pixels + pixel) * k;
      const target = (pixel * n + i) * k;
      for (let channel = 0; channel < k; channel++) to[target + channel] = from[source + channel]!;
    }
  }
  return out;
}
