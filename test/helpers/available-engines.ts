// Which engines this machine can test. The torch engine takes a libtorch and a build of its addon
// (`moco engine install torch`); where that is missing, its tests are skipped, and the report says so.

import type { ConcreteEngineName } from '../../src/engine/engine.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';

export const availableEngines: readonly ConcreteEngineName[] = readInstalledAddon()
  ? ['cpu', 'wasm', 'torch']
  : ['cpu', 'wasm'];

/** Those that are fast enough for whole training steps. */
export const trainingEngines = availableEngines.filter((name) => name !== 'cpu');
