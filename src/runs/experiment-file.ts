// The experiment that a folder of runs is of, as it was when it was last run: whoever looks at the folder later
// has the graph without the file that it came from. Nothing of a run rests on it.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

export const EXPERIMENT_FILE = 'experiment.json';
const VERSION = 1;

/** Notes what is run in a folder. */
export function writeExperiment(folder: string, experiment: ResolvedExperiment): void {
  const text = `${JSON.stringify({ version: VERSION, experiment }, null, 2)}\n`;
  writeFileAtomic(path.join(folder, EXPERIMENT_FILE), [text]);
}

/** Reads it back; undefined where there is none, or one that another version wrote. */
export function readExperiment(folder: string): ResolvedExperiment | undefined {
  try {
    const found = JSON.parse(readFileSync(path.join(folder, EXPERIMENT_FILE), 'utf8')) as {
      readonly version?: number;
      readonly experiment?: ResolvedExperiment;
    } | null;
    return found?.version === VERSION && found.experiment?.name ? found.experiment : undefined;
  } catch {
    return undefined;
  }
}
