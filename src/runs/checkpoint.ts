// Checkpoints of a stage on disk: `checkpoint_0199.pth.tar`, numbered by the 0-based epoch that they
// follow, as the original's. Which stay is decided only when the new one is safely written.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { renderTorchFile } from '../files/torch/torch-writer.ts';
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

/** Finds the checkpoint of the latest epoch in a folder; undefined where there is none. */
export function findLatestCheckpoint(folder: string): CheckpointFile | undefined {
  return listCheckpoints(folder).at(-1);
}

/** Writes a PyTorch file of plain values and tensors, whole or not at all. */
export function writeTorchFile(file: string, content: ReadonlyMap<string, unknown>): void {
  writeFileAtomic(file, renderTorchFile(content));
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
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name): CheckpointFile[] => {
    const epoch = /^checkpoint_(\d{4,})\.pth\.tar$/.exec(name)?.[1];
    return epoch === undefined ? [] : [{ path: path.join(folder, name), epoch: Number(epoch) }];
  });
  return found.sort((a, b) => a.epoch - b.epoch);
}
