// First in the bundle: jasmine's globals must be there, and the backend chosen, before the specs load.

import * as tf from '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { TorchBackend } from '../../src/engine/torch/backend.ts';
import { loadAddon } from '../../src/engine/torch/binding.ts';
import { registerTorchKernels } from '../../src/engine/torch/kernel.ts';
import { kernels } from '../../src/engine/torch/kernel-list.ts';
import { observeKernels, observeWrites } from './observe-kernels.ts';

// Without types of its own, and CommonJS.
const jasmineCore = require('jasmine-core');

export const jasmineEnv = jasmineCore.boot(true).getEnv();

const addon = loadAddon(process.argv[2]!);
registerTorchKernels(kernels);
observeKernels(new Set(kernels.map(({ kernelName }) => kernelName)), addon);
tf.registerBackend('torch', () => observeWrites(new TorchBackend(addon)));
setTestEnvs([{ name: 'torch', backendName: 'torch', flags: {}, isDataSync: true }]);
