// Builds the addon against the libtorch that is there, into the user's cache, and proves that it loads.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ProblemError } from '../../core/problem.ts';
import {
  findTorchFolder,
  hashSources,
  type InstalledAddon,
  locateManifest,
  sourceFolder,
} from './addon-file.ts';
import { loadAddon } from './binding.ts';
import { findLibtorch, type Libtorch } from './find-libtorch.ts';

export interface InstallOptions {
  /** Folder of a libtorch; absent: look for one. */
  readonly libtorch?: string;
  readonly onProgress: (message: string) => void;
}

/** Installs the engine. Throws TORCH_* problems with the command that mends them. */
export function installTorch({ libtorch: given, onProgress }: InstallOptions): InstalledAddon {
  const libtorch = chooseLibtorch(given);
  onProgress(`libtorch ${libtorch.version} in ${libtorch.lib} (${libtorch.source})`);
  const build = path.join(findTorchFolder(), keyOf(libtorch));
  const addon = path.join(build, 'mocolab_torch.node');
  if (!existsSync(addon)) {
    onProgress(`building in ${build}, about a minute ...`);
    buildAddon(libtorch, build);
  }
  prove(addon);
  const { lib, version } = libtorch;
  const installed = { addon, sources: hashSources(), libtorch: lib, version };
  writeManifest(installed);
  onProgress(`the engine torch is installed: ${addon}`);
  return installed;
}

function chooseLibtorch(given: string | undefined): Libtorch {
  const { found, rejected } = findLibtorch(process.env, given);
  if (found[0]) return found[0];
  const looked = rejected.length > 0 ? ` (${rejected.join('; ')})` : '';
  throw new ProblemError({
    code: 'TORCH_NOT_FOUND',
    message: `Expected a libtorch with headers but found none${looked}.`,
    hint: 'Any of these gives one: `pip install torch` in a virtual environment here, `apt-get install libtorch-dev`, or --libtorch DIR of an unpacked archive.',
  });
}

/** Another libtorch or other sources are another build. */
function keyOf({ lib, version }: Libtorch): string {
  return createHash('sha256').update(`${lib} ${version} ${hashSources()}`).digest('hex').slice(0, 16);
}

function buildAddon(libtorch: Libtorch, build: string): void {
  const building = `${build}.${process.pid}`;
  mkdirSync(building, { recursive: true });
  const settings = {
    MOCOLAB_TORCH_LIB: libtorch.lib,
    MOCOLAB_TORCH_INCLUDE: libtorch.include.join(';'),
    MOCOLAB_TORCH_VERSION: libtorch.version,
    MOCOLAB_CXX11_ABI: String(libtorch.cxx11Abi),
    MOCOLAB_CXX_STANDARD: String(libtorch.cxxStandard),
    MOCOLAB_NODE_INCLUDE: listNodeHeaders().join(';'),
  };
  const options = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  try {
    runTool('cmake', ['-S', sourceFolder, '-B', building, ...options]);
    runTool('cmake', ['--build', building, '--parallel', '2']);
    renameSync(building, build);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function listNodeHeaders(): string[] {
  const require = createRequire(import.meta.url);
  const folderOf = (name: string) => path.dirname(require.resolve(`${name}/package.json`));
  return [folderOf('node-addon-api'), path.join(folderOf('node-api-headers'), 'include')];
}

function runTool(tool: string, args: readonly string[]): void {
  const { error, status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8' });
  if (error) {
    throw new ProblemError({
      code: 'TORCH_NO_COMPILER',
      message: `Expected ${tool} to build the addon but it does not start: ${error.message}.`,
      hint: 'Install a compiler and cmake: `apt-get install g++ cmake`.',
    });
  }
  if (status === 0) return;
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => /error|not found/i.test(line));
  throw new ProblemError({
    code: 'TORCH_BUILD_FAILED',
    message: `Expected the addon to build but ${tool} failed: ${lines.slice(0, 3).join(' | ') || `exit code ${status}`}`,
    hint: 'A compiler (`apt-get install g++ cmake`) and a libtorch of 1.13 or newer are needed.',
  });
}

function prove(addon: string): void {
  try {
    const { Add, fromHost, toHost } = loadAddon(addon);
    const one = fromHost(Float32Array.of(1, 2), [2]);
    const [sum] = new Float32Array(toHost(Add(one, one)));
    if (sum !== 2) throw new Error(`1 + 1 gave ${sum}`);
  } catch (error) {
    throw new ProblemError({
      code: 'TORCH_ADDON_BROKEN',
      message: `Expected the addon to load and to add but ${error instanceof Error ? error.message : error}.`,
      hint: `Delete ${path.dirname(addon)} and install again.`,
    });
  }
}

function writeManifest(installed: InstalledAddon): void {
  const file = locateManifest();
  writeFileSync(`${file}.tmp`, `${JSON.stringify(installed, null, 2)}\n`);
  renameSync(`${file}.tmp`, file);
}
