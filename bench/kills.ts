// Kills a small experiment with SIGKILL at random moments, the runner and its workers alike, starts it again
// each time, and compares every file that it leaves with those of a run that was not killed, times apart.
//   npx tsx bench/kills.ts [kills] [seed] [devices of a training]      (default 100, 1, 1)

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stream } from '../src/core/rng.ts';
import { KILLED_EXPERIMENT, killRuns } from '../test/helpers/kill-runs.ts';

const [count = 100, seed = 1, devices = 1] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-kills-'));
try {
  writeFileSync(path.join(folder, 'small.yaml'), KILLED_EXPERIMENT);
  const { whole, kills, left } = await killRuns({
    folder,
    kills: count,
    rng: stream(seed, 'kills'),
    devices,
    onKill: ({ victim, during, afterMs }, done) =>
      console.log(`${done}/${count}  ${victim} killed after ${afterMs} ms, during ${during}`),
  });
  const tally = new Map<string, number>();
  for (const { victim, during } of kills) {
    const what = `${victim} during ${during}`;
    tally.set(what, (tally.get(what) ?? 0) + 1);
  }
  console.log([...tally].map(([what, times]) => `${times} x ${what}`).join('\n'));
  const differing = left.flatMap((each) => listDifferences(whole, each));
  console.log(
    `${kills.length} kills over ${left.length} runs; ${Object.keys(whole).length} files each; ${differing.length} differ`,
  );
  for (const file of differing) console.log(`  ${file}`);
  process.exitCode = differing.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function listDifferences(
  a: { readonly [file: string]: string },
  b: { readonly [file: string]: string },
): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => !isDeepStrictEqual(a[name], b[name]));
}
