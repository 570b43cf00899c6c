// Before the tests: says whether those of the native engines run or are skipped, and what would change that.

import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import { examineAddon } from '../../src/engine/torch/addon-file.ts';

export default function sayEngines(): void {
  const found = examineAddon();
  const text =
    found.state === 'ready'
      ? `The tests of the engine torch run, on libtorch ${found.installed.version}.`
      : `The tests of the engine torch are SKIPPED: ${found.reason}.`;
  const installed = readTensorflowManifest();
  const other = installed
    ? `The tests of the engine tensorflow run, on libtensorflow ${installed.libtensorflow}.`
    : 'The tests of the engine tensorflow are SKIPPED: it is not installed; `moco engine install tensorflow` sets it up.';
  console.log(`\n${text}\n${other}`);
}
