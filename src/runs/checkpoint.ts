// Checkpoints of a stage on disk: `checkpoint_0199.pth.tar`, numbered by the 0-based epoch that they
// follow, as the original's, and while it trains `checkpoint_step_00012345.pth.tar`, written in the middle
// of an epoch. Each is sealed, and proven before an older one goes.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../core/problem.ts';
import { checkSeal } from '../files/seal.ts';
import { renderSealedTorchFile } from '../files/torch/torch-writer.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

/** A checkpoint on disk. */
export interface CheckpointFile {
  readonly path: string;
  /** 0-based epoch after which it was written. */
  readonly epoch: number;
}

/** Name of the checkpoint that is written after an epoch (0-based). */
export function nameCheckpoint(epoch: number): string {
  return `checkpoint_${String(epoch).padStart(4, '0')}.pth.tar`;
}

/** Name of one that is written in the middle of an epoch, after so many steps of the whole training. */
export function nameStepCheckpoint(step: number): string {
  return `checkpoint_step_${String(step).padStart(8, '0')}.pth.tar`;
}

/** Finds the checkpoint of the latest whole epoch in a folder; undefined where there is none. */
export function findLatestCheckpoint(folder: string): CheckpointFile | undefined {
  return listCheckpoints(folder).at(-1);
}

/**
 * Writes a checkpoint, whole or not at all, with a checksum over all of it. What stood under its name stays until
 * the new one has been read back.
 */
export function writeTorchFile(file: string, content: ReadonlyMap<string, unknown>): void {
  writeFileAtomic(file, renderSealedTorchFile(content), { prove: refuseBroken });
}

/** Throws CHECKPOINT_DAMAGED unless the file is sealed and has the bytes that were sealed. */
export function refuseBroken(file: string): void {
  const state = checkSeal(file);
  if (state === 'sound') return;
  const fact = state === 'broken' ? 'another one' : 'none at its end';
  throw new ProblemError({
    code: 'CHECKPOINT_DAMAGED',
    message: `Expected ${file} to have the checksum it was written with but it has ${fact}.`,
    hint: 'The disk or a program changed the file. Delete it: training goes on from the one before.',
  });
}

/**
 * Removes checkpoints that a training no longer needs. The newest two always stay, one to go on from and one
 * where that is broken; so do the numbered ones that `keep` names.
 */
export function dropSuperseded(
  folder: string,
  { keep, stepsPerEpoch }: { readonly keep: string; readonly stepsPerEpoch: number },
): void {
  for (const { path: file, epoch } of listByStep(folder, stepsPerEpoch).slice(2)) {
    if (epoch === undefined || !isKept(epoch, keep)) rmSync(file, { force: true });
  }
}

/** A checkpoint and how far it is. */
export interface PlacedCheckpoint {
  readonly path: string;
  /** Steps of the whole training before it. */
  readonly step: number;
  /** 0-based epoch after which it was written; absent in the middle of one. */
  readonly epoch?: number;
}

/** All checkpoints of a folder, newest first. */
export function listByStep(folder: string, stepsPerEpoch: number): PlacedCheckpoint[] {
  const numbered = listCheckpoints(folder).map((each) => ({
    ...each,
    step: (each.epoch + 1) * stepsPerEpoch,
  }));
  return [...numbered, ...listStepCheckpoints(folder)].sort((a, b) => b.step - a.step);
}

/** Removes what only an unfinished training needs. */
export function removeStepCheckpoints(folder: string): void {
  for (const { path: file } of listStepCheckpoints(folder)) rmSync(file, { force: true });
}

/** Removes the numbered checkpoints that `keep` does not name. The latest always stays. */
export function applyRetention(folder: string, keep: string): void {
  for (const { path: file, epoch } of listCheckpoints(folder).slice(0, -1)) {
    if (!isKept(epoch, keep)) rmSync(file, { force: true });
  }
}

/**
 * Whether the checkpoint after an epoch (0-based) outlives the next one.
 *
 * @param keep `last`, `best`, `every N` (epochs N, 2N, ... as people count them) or `all`
 */
export function isKept(epoch: number, keep: string): boolean {
  const every = /^every (\d+)$/.exec(keep)?.[1];
  return every === undefined ? keep === 'all' : (epoch + 1) % Number(every) === 0;
}

/** Numbered checkpoints of a folder by epoch, earliest first. */
export function listCheckpoints(folder: string): CheckpointFile[] {
  return listNumbered(folder, /^checkpoint_(\d{4,})\.pth\.tar$/).map(({ path: file, number }) => ({
    path: file,
    epoch: number,
  }));
}

/** Those written in the middle of an epoch, earliest first. */
export function listStepCheckpoints(folder: string): PlacedCheckpoint[] {
  return listNumbered(folder, /^checkpoint_step_(\d{8,})\.pth\.tar$/).map(({ path: file, number }) => ({
    path: file,
    step: number,
  }));
}

function listNumbered(folder: string, pattern: RegExp) {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name) => {
    const number = pattern.exec(name)?.[1];
    return number === undefined ? [] : [{ path: path.join(folder, name), number: Number(number) }];
  });
  return found.sort((a, b) => a.number - b.number);
}
