// What an install leaves in the user's cache: it appears whole under its name, or not at all.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a manifest as JSON. */
export function writeManifest(file: string, installed: object): void {
  const fresh = `${file}.${process.pid}`;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(fresh, `${JSON.stringify(installed, null, 2)}\n`);
  renameSync(fresh, file);
}
