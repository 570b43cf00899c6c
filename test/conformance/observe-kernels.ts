// Watches which kernels a spec calls, and whether their results are what they say. In the bundle.

import * as tf from '@tensorflow/tfjs-core';

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

/** Stands among the missing kernels for a tensor of strings. */
export const STRINGS = 'tensors of strings';

/** Notes something that the spec needs and the backend lacks. */
export function recordMissing(what: string): void {
  missing.add(what);
}

export interface Watch {
  /** Whether a registered kernel computes, and is not just a refusal. */
  readonly isOurs: (kernelName: string) => boolean;
  /** Throws where a result is not what it says. */
  readonly checkResult?: (kernelName: string, result: tf.TensorInfo, backend: unknown) => void;
}

/** Puts a watch before each kernel of the backend. */
export function observeKernels(backendName: string, { isOurs, checkResult = () => {} }: Watch): void {
  for (const config of tf.getKernelsForBackend(backendName)) {
    const { kernelName, kernelFunc } = config;
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      ...config,
      kernelFunc: (call) => {
        (isOurs(kernelName) ? called : missing).add(kernelName);
        if (call.attrs?.dtype === 'string' && !isOurs(STRINGS)) missing.add(STRINGS);
        const results = kernelFunc(call);
        for (const result of Array.isArray(results) ? results : [results])
          checkResult(kernelName, result, call.backend);
        return results;
      },
    });
  }
}
