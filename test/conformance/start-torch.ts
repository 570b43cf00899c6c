// First in the bundle for the engine torch: its backend, with a watch before each kernel. The process's argument is
// the addon's file.

import * as tf from '@tensorflow/tfjs-core';
import { TorchBackend } from '../../src/engine/torch/backend.ts';
import { loadAddon } from '../../src/engine/torch/binding.ts';
import { registerTorchKernels } from '../../src/engine/torch/kernel.ts';
import { kernels } from '../../src/engine/torch/kernel-list.ts';
import { observeKernels, recordMissing, STRINGS } from './observe-kernels.ts';
import { chooseBackend } from './start-jasmine.ts';

const addon = loadAddon(process.argv[2]!);
registerTorchKernels(kernels);
const ours = new Set(kernels.map(({ kernelName }) => kernelName));
observeKernels('torch', { isOurs: (name) => ours.has(name), checkResult });
tf.registerBackend('torch', () => observeWrites(new TorchBackend(addon)));
chooseBackend('torch');

/** Watches the values that come in: the backend holds no strings. */
function observeWrites(backend: TorchBackend): TorchBackend {
  const move = backend.move.bind(backend);
  backend.move = (dataId, values, shape, dtype, references) => {
    if (dtype === 'string') recordMissing(STRINGS);
    move(dataId, values, shape, dtype, references);
  };
  return backend;
}

/** Compares what a kernel says of its result with what the addon holds. */
function checkResult(kernelName: string, result: tf.TensorInfo, backend: unknown): void {
  // The addon's names of element types; bool may come back as bytes.
  const types: { readonly [dtype: string]: string } = {
    float32: 'Float',
    int32: 'Int',
    bool: 'Bool',
    complex64: 'ComplexFloat',
  };
  // Identity gives the data of its input, which may have another shape there.
  const { shape, type } = addon.inspect((backend as TorchBackend).handleOf(result));
  if (types[result.dtype] !== type || (kernelName !== 'Identity' && shape.join() !== result.shape.join()))
    throw new Error(
      `${kernelName} says ${result.dtype} [${result.shape}] but the addon holds ${type} [${shape}]`,
    );
}
