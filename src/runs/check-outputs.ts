// Whether the files of a finished stage are those that it left. Cheap first: size and time of the last change. Only
// a file whose time differs is read; and all of them before somebody builds on them, because a disk may flip a bit
// and tell nobody.

import { statSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import { hashFile } from '../files/hash-file.ts';
import { readRecord } from './record-file.ts';
import type { StageOutput } from './run-record.ts';

/** What is wrong with an output, in words for a plan; undefined where nothing is. `whole`: its content counts in any case. */
export function findFault(
  folder: string,
  output: StageOutput,
  { whole }: { readonly whole: boolean },
): string | undefined {
  const file = path.join(folder, output.path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return `output missing: ${output.path}`;
  if (stats.size !== output.bytes) return `output changed: ${output.path}`;
  if (!whole && stats.mtimeMs === output.mtimeMs) return undefined;
  return hashFile(file, 'sha256') === output.sha256 ? undefined : `output changed: ${output.path} (checksum)`;
}

/**
 * Throws RUN_INPUT_DAMAGED unless a file has the content that the record beside it names. For stages, right before
 * they read what another one left.
 */
export function refuseDamagedInput(file: string): void {
  const reading = readRecord(path.dirname(file));
  if (reading.state === 'none') return;
  const outputs = reading.state === 'ok' ? (reading.record.result?.outputs ?? []) : [];
  const output = outputs.find(({ path: name }) => name === path.basename(file));
  if (output && !findFault(path.dirname(file), output, { whole: true })) return;
  throw new ProblemError({
    code: 'RUN_INPUT_DAMAGED',
    message: `Expected ${file} as the stage before left it but ${output ? 'its content is another one' : 'the record beside it does not name it'}.`,
    hint: 'The disk or a program changed it. Run again: the stage that leaves it runs first.',
  });
}
