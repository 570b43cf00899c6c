// The engine `torch`: a tfjs backend on libtorch, through an addon that is built on the user's machine.

import { existsSync } from 'node:fs';
import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { compositeOps } from '../composite-ops.ts';
import type { Engine } from '../engine.ts';
import { createBatchNormTraining } from '../ops/batch-norm.ts';
import { kernelBatchNormPasses } from '../ops/kernel-batch-norm.ts';
import { hashSources, type InstalledAddon, readInstalledAddon } from './addon-file.ts';
import { TorchBackend } from './backend.ts';
import { loadAddon, type TorchAddon } from './binding.ts';
import { registerTorchKernels } from './kernel.ts';
import { kernels } from './kernel-list.ts';
import { createFusedOps } from './ops.ts';

let backend: TorchBackend | undefined;

/** Makes the torch backend current. Throws a diagnosis that ends in the command that mends it. */
export async function createTorchEngine(): Promise<Engine> {
  backend ??= register(loadInstalled());
  await tf.setBackend('torch');
  const { addon } = backend;
  const description = addon.describe();
  return {
    name: 'torch',
    description: { name: 'torch', tfjs: tf.version_core, ...description },
    ops: {
      ...compositeOps,
      ...createFusedOps(backend),
      batchNormTraining: createBatchNormTraining(kernelBatchNormPasses),
    },
    memory: () => ({ tensors: tf.memory().numTensors, bytes: addon.memory().bytes }),
  };
}

function register(addon: TorchAddon): TorchBackend {
  addon.setThreads(Number(process.env.OMP_NUM_THREADS) || os.availableParallelism());
  const created = new TorchBackend(addon);
  tf.registerBackend('torch', () => created);
  registerTorchKernels(kernels);
  return created;
}

function loadInstalled(): TorchAddon {
  const installed = readInstalledAddon();
  if (!installed) throw new Error('it is not installed; `moco engine install torch` builds it');
  refuseStale(installed);
  try {
    return loadAddon(installed.addon);
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new Error(`its addon does not load (${line}); \`moco engine install torch\` builds it again`);
  }
}

function refuseStale({ addon, sources, libtorch }: InstalledAddon): void {
  const mend = '`moco engine install torch` builds it again';
  if (!existsSync(addon)) throw new Error(`its addon ${addon} is gone; ${mend}`);
  if (!existsSync(libtorch)) throw new Error(`its libtorch in ${libtorch} is gone; ${mend}`);
  if (sources !== hashSources()) throw new Error(`its addon is of another version of mocolab; ${mend}`);
}
