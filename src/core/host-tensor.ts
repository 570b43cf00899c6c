// A tensor in host memory, as checkpoints hold it: PyTorch's names, layouts (OIHW) and dtypes.

export type HostTensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly values: Float32Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly values: BigInt64Array };

/** Tensors by name, in order. */
export type TensorMap = ReadonlyMap<string, HostTensor>;
