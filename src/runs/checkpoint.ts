// Checkpoints of a pretrain stage: `checkpoint_0199.safetensors`, numbered by the 0-based epoch that
// they follow, as the original's. Only the last is kept; it goes when the next one is safely on disk.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { TensorMap } from '../core/host-tensor.ts';
import { writeTensorFile } from './tensor-file.ts';

/** A checkpoint on disk. */
export interface CheckpointFile {
  readonly path: string;
  /** 0-based epoch after which it was written. */
  readonly epoch: number;
}

/** Name of the checkpoint that is written after an epoch (0-based). */
export function nameCheckpoint(epoch: number): string {
  return `checkpoint_${String(epoch).padStart(4, '0')}.safetensors`;
}

/** Finds the checkpoint of the latest epoch in a folder; undefined where there is none. */
export function findLatestCheckpoint(folder: string): CheckpointFile | undefined {
  return listCheckpoints(folder).at(-1);
}

/** Writes the checkpoint after an epoch and then removes the others. Returns its name. */
export function writeCheckpoint(
  folder: string,
  epoch: number,
  {
    tensors,
    metadata,
  }: { readonly tensors: TensorMap; readonly metadata: { readonly [key: string]: string } },
): string {
  const name = nameCheckpoint(epoch);
  writeTensorFile(path.join(folder, name), tensors, { ...metadata, epoch: String(epoch) });
  for (const other of listCheckpoints(folder)) {
    if (other.epoch !== epoch) rmSync(other.path, { force: true });
  }
  return name;
}

/** By epoch, earliest first. */
function listCheckpoints(folder: string): CheckpointFile[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name): CheckpointFile[] => {
    const epoch = /^checkpoint_(\d{4,})\.safetensors$/.exec(name)?.[1];
    return epoch === undefined ? [] : [{ path: path.join(folder, name), epoch: Number(epoch) }];
  });
  return found.sort((a, b) => a.epoch - b.epoch);
}
