// Which checkpoint an interrupted training goes on from: the newest whose bytes are those that were written.

import { renameSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import { refuseBroken } from '../runs/checkpoint.ts';
import { cutMetricsLog, METRICS_FILE, type MetricsMark } from '../runs/metrics-log.ts';
import type { StageContext } from './stage-context.ts';

type Told = Pick<StageContext, 'warn' | 'folder'>;

/** The first file that is sound; a broken one before it is told, and set aside under another name. */
export function findSound(files: readonly string[], told: Pick<Told, 'warn'>): string | undefined {
  const sound = files.find((file) => isSound(file, told));
  if (sound === undefined && files.length > 0)
    told.warn('No sound checkpoint is left: training starts again.');
  return sound;
}

/** Whether a file has the bytes that were written. A broken one is told, and set aside under another name. */
export function isSound(file: string, { warn }: Pick<Told, 'warn'>): boolean {
  try {
    refuseBroken(file);
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const aside = `${file}.damaged`;
    renameSync(file, aside);
    warn(`${error.problems[0]!.message} It is passed over, and is now ${path.basename(aside)}.`);
    return false;
  }
}

/** Cuts the metrics back to where the checkpoint was written. */
export function resumeMetrics({ folder, warn }: Told, mark: MetricsMark | undefined): void {
  const file = path.join(folder, METRICS_FILE);
  if (cutMetricsLog(file, mark)) return;
  warn(
    `Expected ${METRICS_FILE} to begin with the ${mark?.rows ?? 0} rows that were there when the checkpoint was written but it has others. Training goes on all the same; rows may be missing.`,
  );
}
