// Damages recipes and experiments at random and loads each: all must be valid or end in problems, each within a
// second. Prints what became of them, the slowest, and every document that broke the rule. Ranges of numbers can
// run side by side and go on where one was stopped.
//   npx tsx bench/fuzz-config.ts [count] [seed] [first]

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mutateYaml } from '../test/helpers/mutate-yaml.ts';
import { createConfigBench } from '../test/helpers/try-config.ts';

const LIMIT_MS = 1000;
const SHOWN_EVERY = 20_000;

const [count = 10_000, seed = 1, first = 0] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-fuzz-'));
const outcomes = new Map<string, number>();
const slowest = { ms: 0, number: first };
let broken = 0;
try {
  const bench = createConfigBench(folder);
  for (let number = first; number < first + count; number++) {
    const document = mutateYaml(bench.texts, seed, number);
    const started = process.cpuUsage();
    const outcome = tryOne(number, () => bench.tryDocument(document));
    const { user, system } = process.cpuUsage(started);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) Object.assign(slowest, { ms, number });
    if (ms > LIMIT_MS) report(number, `took ${ms.toFixed(0)} ms`);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if ((number + 1) % SHOWN_EVERY === 0)
      console.error(`${number + 1}: ${broken} broken, slowest ${slowest.ms.toFixed(0)} ms`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
for (const [code, times] of [...outcomes].sort((a, b) => b[1] - a[1]))
  console.log(`${code.padEnd(28)}${times}`);
console.log(
  `${count} documents from ${first}, seed ${seed}: ${broken} broken; slowest ${slowest.ms.toFixed(0)} ms (number ${slowest.number})`,
);
process.exitCode = broken > 0 ? 1 : 0;

function tryOne(number: number, run: () => string): string {
  try {
    return run();
  } catch (error) {
    report(number, String((error as Error).stack ?? error).slice(0, 600));
    return 'BROKEN';
  }
}

function report(number: number, what: string): void {
  broken++;
  console.error(`seed ${seed}, number ${number}: ${what}`);
}
