// Loads tfjs-node: what it needs of the process first, and then in words what went wrong.

import { existsSync, realpathSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import os from 'node:os';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Precision } from '../engine.ts';
import { findBinding, findCutFile } from './examine-package.ts';
import { explainTensorflowFailure } from './explain-failure.ts';
import type { FoundPackage } from './find-package.ts';
import type { NodeBackend } from './native.ts';

/** Starts its backend and makes it the current one. Throws a diagnosis that ends in the command that mends it. */
export function loadPackage({ folder, name, installed }: FoundPackage): NodeBackend {
  const mend = '`moco engine install tensorflow` sets it up again';
  if (!existsSync(folder)) throw new Error(`its package ${name} is gone from ${folder}; ${mend}`);
  const binding = findBinding(folder);
  if (!binding)
    throw new Error(
      installed
        ? `its package ${name} in ${folder} has lost its library; ${mend}`
        : `its package ${name} in ${folder} came without its library, which npm's install script downloads; \`moco engine install tensorflow\` sets one up`,
    );
  const cut = findCutFile(folder);
  if (cut) throw new Error(`its library ${cut} is cut short; ${mend}`);
  try {
    loadBinding(binding);
    requireQuietly(folder);
  } catch (error) {
    const cause = explainTensorflowFailure(error instanceof Error ? error.message : String(error));
    throw new Error(`its library in ${folder} does not load: ${cause}; ${mend}`);
  }
  return tf.backend() as NodeBackend;
}

/**
 * Loads the addon in advance, with every function looked up: Node.js looks one up when it is called, and where there
 * is none the process ends.
 */
function loadBinding(file: string): void {
  const addon = new Module(file);
  process.dlopen(addon, file, os.constants.dlopen.RTLD_NOW);
  addon.loaded = true;
  createRequire(import.meta.url).cache[realpathSync(file)] = addon;
}

/** It brings a tfjs-core of its own, which shares ours' state and warns that the state is there. */
function requireQuietly(folder: string): void {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!/already (been set|registered)/.test(String(words[0]))) warn(...words);
  };
  try {
    createRequire(import.meta.url)(folder);
  } finally {
    console.warn = warn;
  }
}

/** Sets what tfjs-node and TensorFlow read as they load. */
export function prepareProcess({ precision = 'fp32', device }: ProcessOptions): void {
  // Gone from Node.js 23 on, and tfjs-node 4.22 calls it.
  const known = util as { isNullOrUndefined?: (value: unknown) => boolean };
  known.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const { env } = process;
  env.TF_NUM_INTRAOP_THREADS ??= env.OMP_NUM_THREADS || String(os.availableParallelism());
  env.TF_NUM_INTEROP_THREADS ??= '1';
  // Errors alone: why there is no GPU is told in our own words.
  env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  // The same seed is to give the same bits, on GPUs too.
  env.TF_DETERMINISTIC_OPS ??= '1';
  if (precision === 'fp32') env.NVIDIA_TF32_OVERRIDE ??= '0';
  if (device === 'cpu') env.CUDA_VISIBLE_DEVICES = '-1';
}

interface ProcessOptions {
  readonly precision?: Precision;
  readonly device?: 'cpu' | 'cuda';
}
