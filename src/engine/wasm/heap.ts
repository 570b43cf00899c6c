// Kernels in TypeScript over the WebAssembly heap: they read and write the backend's own memory,
// so nothing is copied in or out. Views die when the heap grows: allocate first, then take them.

import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { FloatArrays } from '../arrays/array-kernel.ts';

/** What a kernel gets: named inputs, attributes and the backend. */
export interface KernelCall {
  readonly inputs: { readonly [name: string]: tf.TensorInfo };
  readonly attrs: { readonly [name: string]: unknown };
  readonly backend: BackendWasm;
}

/** Registers a kernel for the wasm backend, in place of a stock one of that name if there is one. */
export function registerHeapKernel(
  kernelName: string,
  kernelFunc: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[],
): void {
  if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

/** The values of a float tensor, in place. */
export function viewFloats(backend: BackendWasm, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** A new, uninitialised float tensor. */
export function allocateFloats(backend: BackendWasm, shape: readonly number[]): tf.TensorInfo {
  return backend.makeOutput([...shape], 'float32');
}

/** The heap for kernels that know no backend. */
export function openHeap(backend: BackendWasm): FloatArrays {
  return {
    allocate: (shape) => allocateFloats(backend, shape),
    view: (tensor) => viewFloats(backend, tensor),
  };
}
