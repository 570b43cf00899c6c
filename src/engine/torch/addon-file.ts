// Where the built addon is, and whether it still fits: this version's sources, the same libtorch, all its
// bytes. Written by the install, read by the engine. Loads no TensorFlow, so that the command line may ask.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCacheFolder } from '../../core/cache-folder.ts';
import { stampLibtorch } from './install/read-libtorch.ts';

/** What the install leaves beside the builds. */
export interface InstalledAddon {
  /** The addon's file. */
  readonly addon: string;
  readonly bytes: number;
  /** The loader's addon, which wants no libtorch. */
  readonly imageAddon: string;
  readonly imageBytes: number;
  /** Hash of the C++ sources that it was built from. */
  readonly sources: string;
  /** Folder of libtorch's libraries. */
  readonly libtorch: string;
  readonly version: string;
  /** The module on Gloo, where one was found to build against. */
  readonly glooModule?: string;
  /** Whether it was built for NVIDIA GPUs. */
  readonly cuda: boolean;
  /** `stampLibtorch` at the time of the build. */
  readonly stamp: string;
}

/** `absent` was never installed; `broken` was, and says what is wrong and the command that mends it. */
export type AddonState =
  | { readonly state: 'ready'; readonly installed: InstalledAddon }
  | { readonly state: 'absent' | 'broken'; readonly reason: string };

/** What to do where it was built without Gloo. */
export const BRINGS_GLOO =
  'on Debian and Ubuntu `apt-get install libgloo-dev`, then `moco engine install torch`';

/** C++ sources of the addon. */
export const sourceFolder = fileURLToPath(new URL('./cc/', import.meta.url));

const MEND = '`moco engine install torch` builds it again';

/** Below the user's cache. */
export function findTorchFolder(): string {
  return path.join(findCacheFolder(), 'torch');
}

export function locateManifest(): string {
  return path.join(findTorchFolder(), 'installed.json');
}

/** The installed addon; undefined where there is none that fits. */
export function readInstalledAddon(): InstalledAddon | undefined {
  const found = examineAddon();
  return found.state === 'ready' ? found.installed : undefined;
}

/** Engines that compute on a GPU as they are installed here. */
export function listGpuEngines(): string[] {
  const found = examineAddon();
  return found.state === 'ready' && found.installed.cuda ? ['torch'] : [];
}

/** Looks at the files, and loads nothing. */
export function examineAddon(): AddonState {
  const file = locateManifest();
  if (!existsSync(file))
    return { state: 'absent', reason: 'it is not installed; `moco engine install torch` builds it' };
  const installed = parseManifest(readFileSync(file, 'utf8'));
  const fault = installed ? findFault(installed) : `its manifest ${file} is not one of this version`;
  return fault ? { state: 'broken', reason: `${fault}; ${MEND}` } : { state: 'ready', installed: installed! };
}

function parseManifest(text: string): InstalledAddon | undefined {
  try {
    const value = JSON.parse(text) as Partial<InstalledAddon> | null;
    const texts = [value?.addon, value?.libtorch, value?.sources, value?.stamp];
    const isWhole = texts.every((text) => typeof text === 'string') && typeof value?.bytes === 'number';
    return isWhole ? (value as InstalledAddon) : undefined;
  } catch {
    return undefined;
  }
}

function findFault({ addon, bytes, sources, libtorch, stamp }: InstalledAddon): string | undefined {
  if (!existsSync(addon)) return `its addon ${addon} is gone`;
  const now = statSync(addon).size;
  // The system's loader would crash on a file that ends too early.
  if (now !== bytes) return `its addon ${addon} is damaged (${now} bytes of ${bytes})`;
  if (!existsSync(path.join(libtorch, 'libtorch_cpu.so'))) return `its libtorch in ${libtorch} is gone`;
  if (stampLibtorch(libtorch) !== stamp) return `its libtorch in ${libtorch} is another one by now`;
  if (sources !== hashSources()) return 'its addon is of another version of mocolab';
  return undefined;
}

/** SHA-256 over the names and texts of the C++ sources. */
export function hashSources(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(sourceFolder).sort())
    hash.update(name).update(readFileSync(path.join(sourceFolder, name)));
  return hash.digest('hex');
}
