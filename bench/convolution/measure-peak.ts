// The machine's peak in float32, by a program that is compiled for it (peak.cc).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** GFLOP/s of so many threads together. */
export function measurePeak(threads: number): number {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-peak-'));
  try {
    const program = path.join(folder, 'peak');
    const source = fileURLToPath(new URL('peak.cc', import.meta.url));
    const options = ['-O3', '-march=native', '-std=c++17', '-pthread'];
    execFileSync(process.env.CXX ?? 'c++', [...options, source, '-o', program]);
    return Number(execFileSync(program, [String(threads)], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
