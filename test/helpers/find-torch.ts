// Finds a Python with PyTorch for the tests that ask PyTorch itself.

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

const CANDIDATES = [process.env.MOCO_TEST_PYTHON, 'python3', '/usr/bin/python3'];

/** A Python that can import torch; undefined where there is none. MOCO_TEST_PYTHON names another one. */
export const torchPython = CANDIDATES.find(
  (python) => python && spawnSync(python, ['-c', 'import torch, numpy']).status === 0,
);

/** Why the tests are skipped, for their titles. */
export const torchNote = torchPython
  ? `by ${torchPython}`
  : 'SKIPPED: no Python here has torch; on Debian: apt install python3-torch';

/** Runs a command of torch_files.py. Returns what it prints. */
export function askTorch(command: string, ...files: readonly string[]): string {
  const script = path.resolve('test/helpers/torch_files.py');
  return execFileSync(torchPython!, [script, command, ...files], { encoding: 'utf8' });
}
