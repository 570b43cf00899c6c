// Where the built addon is, and whether it belongs to this version of the sources. Written by the
// install, read by the engine.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCacheFolder } from '../../core/cache-folder.ts';

/** What the install leaves beside the builds. */
export interface InstalledAddon {
  /** The addon's file. */
  readonly addon: string;
  /** Hash of the C++ sources that it was built from. */
  readonly sources: string;
  /** Folder of libtorch's libraries. */
  readonly libtorch: string;
  readonly version: string;
}

/** C++ sources of the addon. */
export const sourceFolder = fileURLToPath(new URL('./cc/', import.meta.url));

/** Below the user's cache. */
export function findTorchFolder(): string {
  return path.join(findCacheFolder(), 'torch');
}

export function locateManifest(): string {
  return path.join(findTorchFolder(), 'installed.json');
}

/** The installed addon; undefined where there is none. */
export function readInstalledAddon(): InstalledAddon | undefined {
  const file = locateManifest();
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as InstalledAddon) : undefined;
}

/** SHA-256 over the names and texts of the C++ sources. */
export function hashSources(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(sourceFolder).sort())
    hash.update(name).update(readFileSync(path.join(sourceFolder, name)));
  return hash.digest('hex');
}
