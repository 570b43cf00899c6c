// Gathering whole rows (ShuffleBN's images and keys) as copies of memory; the stock kernel goes number
// by number, ten times slower. Whatever is not that is left to the stock kernel.

import * as tf from '@tensorflow/tfjs-core';
import { allocateFloats, type KernelCall, registerHeapKernel, viewFloats } from './heap.ts';

/** Registers GatherV2; once a process. */
export function registerGather(): void {
  const stock = tf.getKernel('GatherV2', 'wasm').kernelFunc as unknown as (call: KernelCall) => tf.TensorInfo;
  registerHeapKernel('GatherV2', (call) => (takesRows(call) ? gatherRows(call) : stock(call)));
}

function takesRows({ inputs, attrs }: KernelCall): boolean {
  const { axis, batchDims } = attrs as { axis: number; batchDims: number };
  const { x, indices } = inputs;
  return axis === 0 && batchDims === 0 && indices!.shape.length === 1 && x!.dtype === 'float32';
}

/** x [N, ...], indices [M] -> [M, ...] */
function gatherRows({ inputs, backend }: KernelCall): tf.TensorInfo {
  const { x, indices } = inputs;
  const [rows, ...inner] = x!.shape as [number, ...number[]];
  const size = inner.reduce((product, length) => product * length, 1);
  const chosen = backend.typedArrayFromHeap(indices!) as Int32Array;
  const wrong = chosen.find((row) => row < 0 || row >= rows);
  if (wrong !== undefined) throw new Error(`GatherV2: there is no row ${wrong} of ${rows}.`);
  const out = allocateFloats(backend, [chosen.length, ...inner]);
  // The heap may have grown: take the views now.
  const picked = backend.typedArrayFromHeap(indices!) as Int32Array;
  const from = viewFloats(backend, x!);
  const to = viewFloats(backend, out);
  picked.forEach((row, i) => {
    to.set(from.subarray(row * size, (row + 1) * size), i * size);
  });
  return out;
}
