// Watches which kernels a spec calls, and whether their results are what they say. In the bundle.

import * as tf from '@tensorflow/tfjs-core';
import type { TorchBackend } from '../../src/engine/torch/backend.ts';
import type { TorchAddon } from '../../src/engine/torch/binding.ts';

/** Kernels called since the last `take`. */
export interface KernelUse {
  /** Ours. */
  readonly called: ReadonlySet<string>;
  /** Called, but not ours. */
  readonly missing: ReadonlySet<string>;
}

let called = new Set<string>();
let missing = new Set<string>();

export function takeKernelUse(): KernelUse {
  const use = { called, missing };
  called = new Set();
  missing = new Set();
  return use;
}

/** Stands among the missing kernels for a tensor of strings, which the backend doesn't hold. */
const STRINGS = 'tensors of strings';

/** Watches the values that come in. */
export function observeWrites(backend: TorchBackend): TorchBackend {
  const move = backend.move.bind(backend);
  backend.move = (dataId, values, shape, dtype, references) => {
    if (dtype === 'string') missing.add(STRINGS);
    move(dataId, values, shape, dtype, references);
  };
  return backend;
}

/** The addon's names of element types; bool may come back as bytes. */
const types: { readonly [dtype: string]: string } = {
  float32: 'Float',
  int32: 'Int',
  bool: 'Bool',
  complex64: 'ComplexFloat',
};

/** Puts a watch before each kernel of the backend. `ours`: the names of those that are not just a refusal. */
export function observeKernels(ours: ReadonlySet<string>, addon: TorchAddon): void {
  for (const config of tf.getKernelsForBackend('torch')) {
    const { kernelName, kernelFunc } = config;
    tf.unregisterKernel(kernelName, 'torch');
    tf.registerKernel({
      ...config,
      kernelFunc: (call) => {
        (ours.has(kernelName) ? called : missing).add(kernelName);
        if (call.attrs?.dtype === 'string') missing.add(STRINGS);
        const results = kernelFunc(call);
        for (const result of Array.isArray(results) ? results : [results])
          checkResult(kernelName, result, call.backend as TorchBackend, addon);
        return results;
      },
    });
  }
}

function checkResult(
  kernelName: string,
  result: tf.TensorInfo,
  backend: TorchBackend,
  addon: TorchAddon,
): void {
  // Identity gives the data of its input, which may have another shape there.
  const { shape, type } = addon.inspect(backend.handleOf(result));
  if (types[result.dtype] !== type || (kernelName !== 'Identity' && shape.join() !== result.shape.join()))
    throw new Error(
      `${kernelName} says ${result.dtype} [${result.shape}] but the addon holds ${type} [${shape}]`,
    );
}
