// Gradient of max-pooling, which the wasm backend lacks: each dy goes to the first largest pixel of
// its window, in row order, as PyTorch breaks ties.

import type * as tf from '@tensorflow/tfjs-core';
import { allocateFloats, type KernelCall, registerHeapKernel, viewFloats } from './heap.ts';

/** Registers MaxPoolGrad; once a process. */
export function registerMaxPoolGradient(): void {
  registerHeapKernel('MaxPoolGrad', maxPoolGrad);
}

function maxPoolGrad({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
  const { filterSize, strides, pad } = attrs as {
    filterSize: number | number[];
    strides: number | number[];
    pad: number;
  };
  const size = firstOf(filterSize);
  const stride = firstOf(strides);
  const [n, height, width, c] = inputs.input!.shape as [number, number, number, number];
  const [, rows, columns] = inputs.dy!.shape as [number, number, number, number];
  const out = allocateFloats(backend, inputs.input!.shape);
  const x = viewFloats(backend, inputs.input!);
  const y = viewFloats(backend, inputs.output!);
  const dy = viewFloats(backend, inputs.dy!);
  const dx = viewFloats(backend, out).fill(0);
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
