// mlflow.json, in a stage's folder and in a trial's: which MLflow run it is, and what that has been told. It goes with
// the folder: a stage that is run anew is a new MLflow run, one that goes on goes on in the same.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../runs/write-file-atomic.ts';
import type { MlflowServer } from './find-server.ts';

export const MLFLOW_FILE = 'mlflow.json';

export interface MlflowNote {
  readonly uri: string;
  readonly experiment: string;
  /** What the MLflow run is of: a fingerprint. */
  readonly of: string;
  /** A tag of the MLflow run, known before it is made: it finds one whose making was never answered. */
  readonly key: string;
  /** The server was asked to make it, and may have. */
  readonly isAskedFor?: boolean;
  readonly runId?: string;
  /** The MLflow run that it is shown below. */
  readonly parent?: string;
  /** The settings are there. */
  readonly hasParams?: boolean;
  /** Where the rows of metrics that are there end: at how many rows of a step. */
  readonly sent?: RowPosition;
  /** What it was last told of its end. */
  readonly told?: string;
}

/** After so many rows of a step, and all of the steps before. */
export interface RowPosition {
  readonly step: number;
  readonly rows: number;
}

export const BEFORE_ALL: RowPosition = { step: -1, rows: 0 };

/** The note of a folder; a new one where there is none of this server and fingerprint. */
export function readMlflowNote(folder: string, { uri, experiment }: MlflowServer, of: string): MlflowNote {
  try {
    const note = JSON.parse(readFileSync(path.join(folder, MLFLOW_FILE), 'utf8')) as MlflowNote | null;
    if (note?.uri === uri && note.experiment === experiment && note.of === of && note.key) return note;
  } catch {
    // None yet, or one that was damaged.
  }
  return { uri, experiment, of, key: randomUUID() };
}

export function writeMlflowNote(folder: string, note: MlflowNote): void {
  writeFileAtomic(path.join(folder, MLFLOW_FILE), [`${JSON.stringify(note, null, 2)}\n`]);
}
