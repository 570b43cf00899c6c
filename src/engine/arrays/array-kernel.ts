// Kernels in TypeScript over arrays of floats, for every backend whose memory TypeScript sees: wasm's heap
// (where views die when it grows: allocate first, then take them) and the plain arrays of cpu.

import * as tf from '@tensorflow/tfjs-core';

/** The float tensors of a backend as arrays. */
export interface FloatArrays {
  /** A new tensor, not initialised. */
  allocate(shape: readonly number[]): tf.TensorInfo;
  /** The values of a tensor, in place. */
  view(tensor: tf.TensorInfo): Float32Array;
}

/** What a kernel gets: named inputs, attributes and the backend's arrays. */
export interface ArrayKernelCall {
  readonly inputs: { readonly [name: string]: tf.TensorInfo };
  readonly attrs: { readonly [name: string]: unknown };
  readonly arrays: FloatArrays;
}

export type ArrayKernel = (call: ArrayKernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** Kernels by their names. */
export type ArrayKernels = { readonly [kernelName: string]: ArrayKernel };

/**
 * Registers kernels for a backend, in place of stock ones of their names.
 *
 * @param open gives the arrays of the backend that a kernel is called with
 */
export function registerArrayKernels<Backend>(
  backendName: string,
  open: (backend: Backend) => FloatArrays,
  kernels: ArrayKernels,
): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
      kernel({
        inputs: inputs as ArrayKernelCall['inputs'],
        attrs: attrs ?? {},
        arrays: open(backend as Backend),
      });
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  }
}
