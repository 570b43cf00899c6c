// Gradient of max-pooling, which the wasm backend lacks and the cpu backend is slow at: each dy goes to the first largest pixel of
// its window, in row order, as PyTorch breaks ties.

import type * as tf from '@tensorflow/tfjs-core';
import type { ArrayKernelCall, ArrayKernels } from './array-kernel.ts';

export const maxPoolGradKernels: ArrayKernels = { MaxPoolGrad: maxPoolGrad };

function maxPoolGrad({ inputs, attrs, arrays }: ArrayKernelCall): tf.TensorInfo {
  const { filterSize, strides, pad } = attrs as {
    filterSize: number | number[];
    strides: number | number[];
    pad: number;
  };
  const size = firstOf(filterSize);
  const stride = firstOf(strides);
  const [n, height, width, c] = inputs.input!.shape as [number, number, number, number];
  const [, rows, columns] = inputs.dy!.shape as [number, number, number, number];
  const out = arrays.allocate(inputs.input!.shape);
  const x = arrays.view(inputs.input!);
  const y = arrays.view(inputs.output!);
  const dy = arrays.view(inputs.dy!);
  const dx = arrays.view(out).fill(0);
  let at = 0;
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < rows; row++) {
      const top = row * stride - pad;
      for (let column = 0; column < columns; column++) {
        const left = column * stride - pad;
        for (let channel = 0; channel < c; channel++, at++) {
          const winner = findFirst(y[at]!, channel, top, left);
          if (winner >= 0) dx[winner] = dx[winner]! + dy[at]!;
        }
      }
    }

    function findFirst(value: number, channel: number, top: number, left: number): number {
      for (let yy = Math.max(0, top); yy < Math.min(height, top + size); yy++) {
        for (let xx = Math.max(0, left); xx < Math.min(width, left + size); xx++) {
          const index = ((image * height + yy) * width + xx) * c + channel;
          if (x[index] === value) return index;
        }
      }
      return -1;
    }
  }
  return out;
}

function firstOf(value: number | number[]): number {
  return Array.isArray(value) ? value[0]! : value;
}
