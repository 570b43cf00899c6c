// Damages checkpoints at random and reads each: all must load or end in a problem. Prints what became of
// them, the slowest, and the memory at its highest.
//   npx tsx bench/fuzz-checkpoints.ts [count] [seed]

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repairChecksums, tryFile } from '../test/helpers/fuzz-files.ts';
import { mutate } from '../test/helpers/mutate.ts';

const [count = 10_000, seed = 1] = process.argv.slice(2).map(Number);
const fixtures = path.resolve('test/fixtures/torch');
const files = readdirSync(fixtures)
  .filter((name) => name.endsWith('.pth'))
  .map((name) => readFileSync(path.join(fixtures, name)));
const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-fuzz-'));
const before = process.resourceUsage().maxRSS;
const outcomes = new Map<string, number>();
let slowestMs = 0;
try {
  for (let i = 0; i < count; i++) {
    const damaged = mutate(files[i % files.length]!, seed, i);
    const content = i % 2 ? repairChecksums(damaged) : damaged;
    const started = performance.now();
    const code = tryFile(path.join(folder, 'x.pth'), content);
    slowestMs = Math.max(slowestMs, performance.now() - started);
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const [code, times] of [...outcomes].sort((a, b) => b[1] - a[1]))
  console.log(`${code.padEnd(26)}${times}`);
const grownMb = Math.round((process.resourceUsage().maxRSS - before) / 1024);
console.log(`${count} files, seed ${seed}; slowest ${slowestMs.toFixed(1)} ms; memory grew by ${grownMb} MB`);
