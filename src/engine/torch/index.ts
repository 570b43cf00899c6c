// The engine `torch`: a tfjs backend on libtorch, through an addon that is built on the user's machine.

import os from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { captureNothing } from '../capture.ts';
import { compositeOps } from '../composite-ops.ts';
import { type Engine, EngineNotInstalled } from '../engine.ts';
import { examineAddon, type InstalledAddon } from './addon-file.ts';
import { TorchBackend } from './backend.ts';
import { loadAddon, type TorchAddon } from './binding.ts';
import { createCapture } from './capture.ts';
import { type DeviceOptions, describeDevice, startOnDevice } from './device.ts';
import { explainLoadFailure } from './explain-load-failure.ts';
import { registerTorchKernels } from './kernel.ts';
import { kernels } from './kernel-list.ts';
import { createFusedOps, registerFusedGradients } from './ops.ts';
import { createNativeRanks } from './ranks.ts';

let backend: TorchBackend | undefined;

export interface TorchOptions extends DeviceOptions {
  /** An addon to use instead of the installed one; for the proof of a fresh build. */
  readonly installed?: InstalledAddon;
}

/** Makes the torch backend current. Throws a diagnosis that ends in the command that mends it. */
export async function createTorchEngine(options: TorchOptions = {}): Promise<Engine> {
  const { installed = findInstalled(), precision = 'fp32' } = options;
  backend ??= register(startOnDevice(load(installed), options));
  await tf.setBackend('torch');
  const { addon } = backend;
  addon.useBfloat16(precision === 'bf16');
  return {
    name: 'torch',
    description: {
      name: 'torch',
      tfjs: tf.version_core,
      ...addon.describe(),
      ...describeDevice(addon, precision),
      lib: installed.libtorch,
    },
    ops: { ...compositeOps, ...createFusedOps(backend) },
    capture: addon.describe().device ? createCapture(backend) : captureNothing,
    memory: () => ({ tensors: tf.memory().numTensors, bytes: addon.memory().bytes }),
    ranks: createNativeRanks(backend, installed),
    native: {
      memory: () => addon.memory(),
      startPeak: () => addon.startPeak(),
      startProfile: () => addon.profile(true),
      stopProfile: () => addon.profile(false),
    },
  };
}

function register(addon: TorchAddon): TorchBackend {
  addon.setThreads(Number(process.env.OMP_NUM_THREADS) || os.availableParallelism());
  const created = new TorchBackend(addon);
  tf.registerBackend('torch', () => created);
  registerTorchKernels(kernels);
  registerFusedGradients();
  return created;
}

function findInstalled(): InstalledAddon {
  const found = examineAddon();
  if (found.state === 'ready') return found.installed;
  if (found.state === 'absent') throw new EngineNotInstalled(found.reason);
  throw new Error(found.reason);
}

function load({ addon }: InstalledAddon): TorchAddon {
  prepareThreads();
  try {
    return loadAddon(addon);
  } catch (error) {
    const cause = explainLoadFailure(error instanceof Error ? error.message : String(error));
    throw new Error(`its addon does not load: ${cause}; \`moco engine install torch\` builds it again`);
  }
}

/** The libraries read these as they load. */
function prepareThreads(): void {
  // OpenBLAS would start threads of its own, which fight OpenMP's for the cores.
  process.env.OPENBLAS_NUM_THREADS ??= '1';
  // OpenMP's threads wait for each other by spinning for milliseconds, and take the core from whoever they wait
  // for where loader threads or other programs run too. This is some ten microseconds.
  process.env.GOMP_SPINCOUNT ??= '10000';
}
