// What the engine uses of tfjs-node's backend, which has no types of its own here because it is no dependency.
// `execute` runs an op of TensorFlow by its name; what tfjs-node knows as a kernel is a small part of them.

import type * as tf from '@tensorflow/tfjs-core';

/** An attribute of an op: its kind and element types are numbers of the binding. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Where the backend keeps a tensor. `values`: not yet given to TensorFlow. */
export interface StoredTensor {
  id: number;
  readonly values: unknown;
  readonly refCount: number;
}

export interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  isUsingGpuDevice(): boolean;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly { readonly id: number }[];
  deleteTensor(id: number): void;
}

/** tfjs-node's `NodeJSKernelBackend`. */
export interface NodeBackend extends tf.KernelBackend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: tf.DataId): StoredTensor; has(dataId: tf.DataId): boolean };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  /** Tensors that TensorFlow holds for us. */
  getNumOfTFTensors(): number;
}

export type AttributeMaker = ReturnType<typeof createAttributes>;

/** Makes attributes of the kinds that our ops have. */
export function createAttributes(binding: Binding) {
  const make = (type: number) => (name: string, value: unknown) => ({ name, type, value }) as Attribute;
  return {
    bool: make(binding.TF_ATTR_BOOL),
    float: make(binding.TF_ATTR_FLOAT),
    ints: make(binding.TF_ATTR_INT),
    shape: make(binding.TF_ATTR_SHAPE),
    text: make(binding.TF_ATTR_STRING),
    float32: (name = 'T') => make(binding.TF_ATTR_TYPE)(name, binding.TF_FLOAT),
    int32: (name: string) => make(binding.TF_ATTR_TYPE)(name, binding.TF_INT32),
  };
}
