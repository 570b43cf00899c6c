// Where the addon that renders images is: built beside the engine torch's by `moco engine install torch`,
// and of use to every engine. Without it TypeScript renders, slower, to the same bits.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { hashSources, readInstalledAddon } from '../engine/torch/addon-file.ts';

/** The addon's file; undefined where there is none, or none of this version, or none that loads here. */
export function findImageAddon(): string | undefined {
  const installed = readInstalledAddon();
  if (installed?.sources !== hashSources()) return undefined;
  const file = path.join(path.dirname(installed.addon), 'mocolab_images.node');
  return existsSync(file) && loads(file) ? file : undefined;
}

/** The cache may lie in a home folder that machines of several kinds share. */
function loads(file: string): boolean {
  try {
    createRequire(import.meta.url)(file);
    return true;
  } catch {
    return false;
  }
}
