// Which engines this machine can test. The engines torch and tensorflow take an install (`moco engine install`);
// where one is missing, its tests are skipped, and the report says so.

import type { ConcreteEngineName } from '../../src/engine/engine.ts';
import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';

export const availableEngines: readonly ConcreteEngineName[] = [
  'cpu',
  'wasm',
  ...(readInstalledAddon() ? (['torch'] as const) : []),
  ...(readTensorflowManifest() ? (['tensorflow'] as const) : []),
];

/** Those that whole training runs are tested on: fast enough, and not the third kind of the same. */
export const trainingEngines = availableEngines.filter((name) => name === 'wasm' || name === 'torch');

/** Whether the engine tensorflow is installed. */
export const hasTensorflow = availableEngines.includes('tensorflow');
