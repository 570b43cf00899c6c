// The memory of tfjs's cpu backend: plain typed arrays.

import type * as tf from '@tensorflow/tfjs-core';
import type { FloatArrays } from '../arrays/array-kernel.ts';

/** What we use of the backend, which has no types of its own for it. */
interface CpuBackend {
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
  readonly data: { get(dataId: tf.DataId): { readonly values: Float32Array } };
}

/** The backend's arrays. */
export function openArrays(
  backend: unknown,
): FloatArrays & { make(shape: readonly number[], values: Float32Array): tf.TensorInfo } {
  const { data } = backend as CpuBackend;
  const make = (shape: readonly number[], values: Float32Array) =>
    (backend as CpuBackend).makeTensorInfo([...shape], 'float32', values);
  return {
    make,
    allocate: (shape) => make(shape, new Float32Array(shape.reduce((product, size) => product * size, 1))),
    view: ({ dataId }) => data.get(dataId).values,
  };
}
