// What benchmarks share: repeated timing and its summary.

import { spawnSync } from 'node:child_process';

/** Sorted times in ms. */
export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export function summarise(timesMs: readonly number[]): Timing {
  const sorted = [...timesMs].sort((a, b) => a - b);
  return {
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    minMs: sorted[0] ?? Number.NaN,
    maxMs: sorted.at(-1) ?? Number.NaN,
  };
}

/** Times `moco ARGS` as a process, as built. Throws where it fails. */
export function timeMoco(args: readonly string[], runs: number): Timing & { readonly stdout: string } {
  const times: number[] = [];
  let stdout = '';
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    const result = spawnSync(process.execPath, ['dist/main.js', ...args], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    times.push(performance.now() - started);
    if (result.status !== 0) throw new Error(`moco ${args.join(' ')}: ${result.stderr}`);
    stdout = result.stdout;
  }
  return { ...summarise(times), stdout };
}

export function renderMs({ medianMs, minMs, maxMs }: Timing): string {
  return `${medianMs.toFixed(0)} ms (${minMs.toFixed(0)} to ${maxMs.toFixed(0)})`;
}
