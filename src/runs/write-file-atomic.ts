// Writes a file whole or not at all: a temporary name beside it, fsync, rename. Whoever reads the
// name sees the old contents or the new ones, also after a power cut.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { withRoom } from './disk-room.ts';

/**
 * Replaces a file's contents, given in parts, each asked for when it is written. Creates its folder.
 *
 * @param prove looks at the new contents, under a temporary name, before they replace the old; may throw
 */
export function writeFileAtomic(
  file: string,
  parts: Iterable<string | Uint8Array>,
  { prove }: { readonly prove?: (temporary: string) => void } = {},
): void {
  const folder = path.dirname(file);
  withRoom(file, () => mkdirSync(folder, { recursive: true }));
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    withRoom(file, () => writeParts(temporary, parts));
    prove?.(temporary);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Removes what killed writers left in a folder. Only for whoever knows that nobody writes there now. */
export function removeTemporaryFiles(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (/^\..+\.\d+\.tmp$/.test(name)) rmSync(path.join(folder, name), { force: true });
  }
}

function writeParts(file: string, parts: Iterable<string | Uint8Array>): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const part of parts) writeWhole(descriptor, typeof part === 'string' ? Buffer.from(part) : part);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** One write may take less than it is given: the system stops at 2 GiB, or where a disk fills up. */
export function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

/** Makes the rename itself last. Windows cannot open folders and needs no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
