// Where the engine torch computes and how precisely: chosen once a process, before its first tensor.

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../../core/problem.ts';
import type { Precision } from '../engine.ts';
import { findTorchFolder, sourceFolder } from './addon-file.ts';
import type { TorchAddon } from './binding.ts';

export interface DeviceOptions {
  /** Absent: fp32. */
  readonly precision?: Precision;
  /** Absent: the first GPU that is visible and usable, else the CPU. */
  readonly device?: 'cpu' | 'cuda';
  readonly warn?: (message: string) => void;
}

/** Starts the addon on its device. Throws ENGINE_DEVICE where a GPU is wanted that can't be had. */
export function startOnDevice(addon: TorchAddon, { precision, device, warn }: DeviceOptions): TorchAddon {
  const why = device === 'cpu' ? 'the CPU was asked for' : addon.whyNoGpu();
  if (why !== '' && device === 'cuda') throw new ProblemError(reportNoGpu(why));
  // The launcher shows a GPU to the worker that it leased one to.
  if (why !== '' && device === undefined && process.env.CUDA_VISIBLE_DEVICES)
    warn?.(`The engine torch computes on the CPU: ${why}.`);
  if (why === '') prepareKernels(addon);
  addon.start(why === '', precision === 'tf32');
  return addon;
}

/** Of a record: where, and in which precision. */
export function describeDevice(addon: TorchAddon, precision: Precision): DeviceDescription {
  const why = addon.whyNoGpu();
  const { device } = addon.describe();
  const onCpu = /without CUDA|asked for/.test(why) || why === '' ? 'CPU' : `CPU (${why})`;
  return {
    device: device ?? onCpu,
    precision: precision === 'tf32' && !device ? 'fp32 (tf32 is for GPUs)' : precision,
  };
}

interface DeviceDescription {
  readonly device: string;
  readonly precision: string;
}

function prepareKernels(addon: TorchAddon): void {
  const cache = path.join(findTorchFolder(), 'kernels');
  mkdirSync(cache, { recursive: true });
  addon.useKernels(sourceFolder, cache);
}

function reportNoGpu(why: string) {
  return {
    code: 'ENGINE_DEVICE',
    message: `Expected the engine torch to find a GPU but ${why}.`,
    hint: '`moco doctor` shows the GPUs and the engine. An addon for GPUs is built against a libtorch for CUDA: `moco engine install torch --libtorch DIR`.',
  };
}
