// Where the addon that renders images is: built beside the engine torch's by `moco engine install torch`,
// and of use to every engine. Without it TypeScript renders, slower, to the same bits.

import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readInstalledAddon } from '../engine/torch/addon-file.ts';

/** The addon's file; undefined where there is none, or none of this version, or none that loads here. */
export function findImageAddon(): string | undefined {
  const installed = readInstalledAddon();
  if (!installed) return undefined;
  const { imageAddon, imageBytes } = installed;
  // The system's loader would crash on a file that ends too early.
  const isWhole = statSync(imageAddon, { throwIfNoEntry: false })?.size === imageBytes;
  return isWhole && loads(imageAddon) ? imageAddon : undefined;
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
