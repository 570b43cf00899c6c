// Before the tests: says whether those of the engine torch run or are skipped, and what would change that.

import { examineAddon } from '../../src/engine/torch/addon-file.ts';

export default function sayEngines(): void {
  const found = examineAddon();
  const text =
    found.state === 'ready'
      ? `The tests of the engine torch run, on libtorch ${found.installed.version}.`
      : `The tests of the engine torch are SKIPPED: ${found.reason}.`;
  console.log(`\n${text}`);
}
