// How the trained linear classifier confuses the held-out classes, counted in one more pass over them.

import path from 'node:path';
import { CONFUSION_FILE, type Confusion } from '../runs/diagnostic-files.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import type { LinearProbe } from '../train/linear-probe.ts';
import type { FeatureSource } from './feature-source.ts';
import type { StageContext } from './stage-context.ts';

/** Leaves CONFUSION_FILE; nothing where the stage is told to stop meanwhile. */
export async function writeConfusion(
  context: StageContext<'lincls'>,
  { probe, val }: { readonly probe: LinearProbe; readonly val: FeatureSource },
): Promise<void> {
  const counts = new Map<number, number>();
  const width = val.classes.length;
  let done = 0;
  for await (const { features, labels } of val.readEpoch(0)) {
    if (context.stop.aborted) return;
    const { logits } = await probe.measure(features, labels);
    labels.forEach((label, row) => {
      const key = label * width + findLargest(logits.subarray(row * width, (row + 1) * width));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    });
    done += labels.length;
    context.report({ phase: 'confusion matrix', done, total: val.size, meters: {} });
  }
  const confusion: Confusion = {
    classes: val.classes,
    counts: [...counts]
      .sort(([a], [b]) => a - b)
      .map(([key, count]) => [Math.floor(key / width), key % width, count]),
  };
  writeFileAtomic(path.join(context.folder, CONFUSION_FILE), [`${JSON.stringify(confusion)}\n`]);
}

/** Index of the largest value; of equal ones the first. */
function findLargest(values: Float32Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}
