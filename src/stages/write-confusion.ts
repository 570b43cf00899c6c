// How the trained linear classifier confuses the held-out classes, counted in one more pass over them.

import path from 'node:path';
import { CONFUSION_FILE, type Confusion } from '../runs/diagnostic-files.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import type { LinearProbe } from '../train/linear-probe.ts';
import type { FeatureSource } from './feature-source.ts';
import type { RankTeam } from './rank-team.ts';
import type { StageContext } from './stage-context.ts';

/** Leaves CONFUSION_FILE; nothing where the stage is told to stop meanwhile. */
export async function writeConfusion(
  context: StageContext<'lincls'>,
  { probe, val, team }: { readonly probe: LinearProbe; readonly val: FeatureSource; readonly team: RankTeam },
): Promise<void> {
  const counts = new Map<number, number>();
  const width = val.classes.length;
  let done = 0;
  for await (const { features, labels, images } of val.readEpoch(0)) {
    if (team.isStopping()) return;
    done += images;
    if (labels.length === 0) continue;
    const { logits } = await probe.measure(features, labels);
    labels.forEach((label, row) => {
      const key = label * width + findLargest(logits.subarray(row * width, (row + 1) * width));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    context.report({ phase: 'confusion matrix', done, total: val.size, meters: {} });
  }
  const gathered = await team.collectives.gatherValues([...counts]);
  if (!team.keepsFiles) return;
  const confusion: Confusion = {
    classes: val.classes,
    counts: [...addCounts(gathered)]
      .sort(([a], [b]) => a - b)
      .map(([key, count]) => [Math.floor(key / width), key % width, count]),
  };
  writeFileAtomic(path.join(context.folder, CONFUSION_FILE), [`${JSON.stringify(confusion)}\n`]);
}

/** Sums over the ranks. */
function addCounts(gathered: readonly (readonly [number, number][])[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const [key, count] of gathered.flat()) sums.set(key, (sums.get(key) ?? 0) + count);
  return sums;
}

/** Index of the largest value; of equal ones the first. */
function findLargest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
