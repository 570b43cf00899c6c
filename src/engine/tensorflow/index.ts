// The engine `tensorflow`: tfjs-node, TensorFlow.js's binding of TensorFlow's C library, with the fused ops that
// training wants. Imported in workers alone; what it loads is never a dependency.

import * as tf from '@tensorflow/tfjs-core';
import { ProblemError } from '../../core/problem.ts';
import { captureNothing } from '../capture.ts';
import { compositeOps } from '../composite-ops.ts';
import { type Engine, EngineNotInstalled, type Precision } from '../engine.ts';
import { registerGradients } from '../gradients.ts';
import { createBatchNorm } from './batch-norm.ts';
import { describeCuda, explainNoGpu } from './explain-no-gpu.ts';
import { type FoundPackage, findTensorflowPackages } from './find-package.ts';
import { registerTensorflowKernels } from './kernels.ts';
import { loadPackage, prepareProcess } from './load-package.ts';
import { createLosses } from './losses.ts';
import type { NodeBackend } from './native.ts';
import { createLinear, createMatMul } from './products.ts';
import { createUpdates } from './updates.ts';

export interface TensorflowOptions {
  /** Absent: fp32. */
  readonly precision?: Precision;
  /** Absent: the GPU where the library finds one, else the CPU. */
  readonly device?: 'cpu' | 'cuda';
  readonly warn?: (message: string) => void;
  /** Packages to try; absent: those that are found. For the proof of a fresh build. */
  readonly packages?: readonly FoundPackage[];
}

let loaded: { readonly backend: NodeBackend; readonly found: FoundPackage } | undefined;

/** Makes its backend current. Throws a diagnosis that ends in the command that mends it. */
export async function createTensorflowEngine(options: TensorflowOptions = {}): Promise<Engine> {
  const { precision = 'fp32' } = options;
  if (precision === 'bf16') throw new ProblemError(reportPrecision());
  loaded ??= start(options);
  await tf.setBackend('tensorflow');
  const { backend, found } = loaded;
  const isGpu = backend.binding.isUsingGpuDevice();
  if (!isGpu) refuseCpu(found, options);
  return {
    name: 'tensorflow',
    description: {
      name: 'tensorflow',
      tfjs: tf.version_core,
      package: found.name,
      libtensorflow: backend.binding.TF_Version,
      cuda: describeCuda(found),
      'built by its authors for':
        'TensorFlow 2.9.1 with CUDA 11.2 and cuDNN 8.1 (GPUs from Hopper on need the engine torch)',
      device: isGpu ? 'GPU' : 'CPU',
      precision: precision === 'tf32' && !isGpu ? 'fp32 (tf32 is for GPUs)' : precision,
      ...(isGpu ? {} : { threads: Number(process.env.TF_NUM_INTRAOP_THREADS) }),
      folder: found.folder,
    },
    ops: {
      ...compositeOps,
      linear: createLinear(createMatMul(backend)),
      batchNormTraining: createBatchNorm(backend),
      ...createLosses(backend),
      ...createUpdates(backend),
    },
    capture: captureNothing,
    memory: () => ({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }),
  };
}

/** The first package that loads. */
function start(options: TensorflowOptions) {
  const packages = options.packages ?? findTensorflowPackages();
  if (packages.length === 0)
    throw new EngineNotInstalled('it is not installed; `moco engine install tensorflow` sets it up');
  prepareProcess(options);
  const failures: string[] = [];
  for (const found of packages) {
    try {
      const backend = loadPackage(found);
      // The package brings gradients of its own; ours know our kernels.
      registerGradients();
      registerTensorflowKernels(backend);
      if (failures.length > 0)
        options.warn?.(`The engine tensorflow uses ${found.name}, because ${failures.join('; ')}.`);
      return { backend, found };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(failures.join('; '));
}

/** Throws ENGINE_DEVICE where a GPU was asked for; warns where the launcher has shown one. */
function refuseCpu(found: FoundPackage, { device, warn }: TensorflowOptions): void {
  const { why, mend } = explainNoGpu(found);
  if (device === 'cuda')
    throw new ProblemError({
      code: 'ENGINE_DEVICE',
      message: `Expected the engine tensorflow to find a GPU but ${why}.`,
      hint: `\`moco doctor\` shows the GPUs and the engine. ${mend}`,
    });
  if (device === undefined && process.env.CUDA_VISIBLE_DEVICES)
    warn?.(`The engine tensorflow computes on the CPU: ${why}. ${mend}`);
}

function reportPrecision() {
  return {
    code: 'ENGINE_PRECISION',
    message: 'Expected an engine that computes in bf16 but tensorflow computes in float32 alone.',
    hint: 'Use the engine torch for bf16, or --set precision=fp32.',
  };
}
