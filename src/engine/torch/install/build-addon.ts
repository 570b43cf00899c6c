// Builds the addon with cmake into the user's cache. A build has a folder of its own, named after sources
// and libtorch, that appears whole or not at all; two installs at a time build twice and keep one.

import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ProblemError } from '../../../core/problem.ts';
import { runTool } from '../../install/run-tool.ts';
import {
  BRINGS_GLOO,
  findTorchFolder,
  hashSources,
  type InstalledAddon,
  sourceFolder,
} from '../addon-file.ts';
import { findCmake } from './build-tools.ts';
import { findCudaHeaders } from './find-cuda.ts';
import { findGloo, type GlooFolders } from './find-gloo.ts';
import { type Libtorch, stampLibtorch } from './read-libtorch.ts';

const ADDON = 'mocolab_torch.node';
/** The loader's, which wants no libtorch. */
const IMAGE_ADDON = 'mocolab_images.node';
/** Collectives over Gloo; only where there is a Gloo that it compiles against. */
const GLOO_MODULE = 'mocolab_gloo.so';
/** SHA-256 of all of them, beside them. */
const SEAL = 'sha256';
/** A compiler that reads all of ATen takes this much memory. */
const COMPILER_BYTES = 1.5 * 2 ** 30;
const DAY_MS = 86_400_000;

export interface BuildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Build though there is one already. */
  readonly force: boolean;
}

/** The build for this libtorch: an earlier one where it is whole, else a new one. Throws TORCH_BUILD_FAILED. */
export async function buildAddon(libtorch: Libtorch, options: BuildOptions): Promise<InstalledAddon> {
  removeLeftovers();
  const headers = findCudaHeaders(libtorch, options.env);
  if ('missing' in headers) options.say(`the addon will compute on the CPU alone: ${headers.missing}`);
  const cudaInclude = 'include' in headers ? headers.include : [];
  const gloo = findGloo(options.env);
  if (!gloo)
    options.say(`ranks of several machines will use TCP: there is no Gloo to build against (${BRINGS_GLOO})`);
  const target = { libtorch, cudaInclude, gloo };
  const folder = path.join(findTorchFolder(), keyOf(target));
  if (options.force || !isWhole(folder)) await buildInto(folder, target, options);
  const [addon, imageAddon] = [path.join(folder, ADDON), path.join(folder, IMAGE_ADDON)];
  const glooModule = path.join(folder, GLOO_MODULE);
  const { lib, version } = libtorch;
  return {
    addon,
    bytes: statSync(addon).size,
    imageAddon,
    imageBytes: statSync(imageAddon).size,
    ...(existsSync(glooModule) ? { glooModule } : {}),
    sources: hashSources(),
    libtorch: lib,
    version,
    cuda: target.cudaInclude.length > 0,
    stamp: stampLibtorch(lib),
  };
}

/** What the addon is built against. */
interface Target {
  readonly libtorch: Libtorch;
  /** Folders of CUDA's headers; none: for the CPU alone. */
  readonly cudaInclude: readonly string[];
  /** Absent: ranks of several machines talk over TCP. */
  readonly gloo: GlooFolders | undefined;
}

/** Another libtorch, Gloo or other sources are another build. Node's version is none: Node-API is stable. */
function keyOf({ libtorch: { lib, version }, cudaInclude, gloo }: Target): string {
  const others = [...cudaInclude, ...(gloo ? [gloo.library, String(statSync(gloo.library).size)] : [])];
  const identity = [lib, version, stampLibtorch(lib), hashSources(), process.arch, ...others].join('\n');
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

function isWhole(folder: string): boolean {
  const seal = path.join(folder, SEAL);
  const isThere = [ADDON, IMAGE_ADDON].every((name) => existsSync(path.join(folder, name)));
  return isThere && existsSync(seal) && readFileSync(seal, 'utf8') === hashAddons(folder);
}

async function buildInto(folder: string, target: Target, options: BuildOptions): Promise<void> {
  const working = `${folder}.${process.pid}`;
  const finished = `${working}.done`;
  mkdirSync(working, { recursive: true });
  mkdirSync(finished, { recursive: true });
  try {
    await compile(working, target, options);
    for (const name of listBuilt(working)) renameSync(path.join(working, name), path.join(finished, name));
    writeFileSync(path.join(finished, SEAL), hashAddons(finished));
    place(finished, folder);
  } finally {
    for (const left of [working, finished]) rmSync(left, { recursive: true, force: true });
  }
}

/** Moves a folder to its name. Where another install was faster, its build is as good. */
function place(finished: string, folder: string): void {
  if (existsSync(folder) && !isWhole(folder)) rmSync(folder, { recursive: true });
  try {
    renameSync(finished, folder);
  } catch (error) {
    if (!isWhole(folder)) throw error;
  }
}

async function compile(working: string, target: Target, { env, say }: BuildOptions): Promise<void> {
  const cmake = findCmake(env) ?? 'cmake';
  say(`building the addon in ${working}`);
  const options = Object.entries(describeBuild(target)).map(([name, value]) => `-D${name}=${value}`);
  await runStep([cmake, '-S', sourceFolder, '-B', working, ...options], env, () => {});
  const sideBySide = Math.max(
    1,
    Math.min(os.availableParallelism(), Math.floor(os.freemem() / COMPILER_BYTES)),
  );
  await runStep([cmake, '--build', working, '--parallel', String(sideBySide)], env, (line) => {
    const [, done, source] = line.match(/^\[\s*(\d+%|\d+\/\d+)\] Building CXX object .*?([\w-]+)\.cc/) ?? [];
    if (source) say(`  ${done!.padStart(4)}  ${source}`);
  });
}

function describeBuild({ libtorch, cudaInclude, gloo }: Target): { readonly [name: string]: string } {
  return {
    MOCOLAB_TORCH_LIB: libtorch.lib,
    MOCOLAB_TORCH_INCLUDE: libtorch.include.join(';'),
    MOCOLAB_TORCH_VERSION: libtorch.version,
    MOCOLAB_CXX11_ABI: String(libtorch.cxx11Abi),
    MOCOLAB_CXX_STANDARD: String(libtorch.cxxStandard),
    MOCOLAB_NODE_INCLUDE: listNodeHeaders().join(';'),
    MOCOLAB_CUDA_INCLUDE: cudaInclude.join(';'),
    MOCOLAB_GLOO_INCLUDE: gloo?.include ?? '',
    MOCOLAB_GLOO_LIBRARY: gloo?.library ?? '',
  };
}

function listNodeHeaders(): string[] {
  const require = createRequire(import.meta.url);
  const folderOf = (name: string) => path.dirname(require.resolve(`${name}/package.json`));
  return [folderOf('node-addon-api'), path.join(folderOf('node-api-headers'), 'include')];
}

async function runStep(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): Promise<void> {
  const { code, signal, lines } = await runTool(command, onLine, { env });
  if (code === 0) return;
  const telling = lines.filter((line) => /\berror\b|not found|No such file|Killed/i.test(line));
  const facts = telling.slice(0, 3).map((line) => line.trim().slice(0, 200));
  const isMemory = signal === 'SIGKILL' || lines.some((line) => /Killed|out of memory/.test(line));
  throw new ProblemError({
    code: 'TORCH_BUILD_FAILED',
    message: `Expected the addon to build but ${path.basename(command[0]!)} ended with ${signal ?? `exit code ${code}`}: ${facts.join(' | ') || 'it said nothing'}`,
    hint: isMemory
      ? 'The compiler ran out of memory: it wants 1.5 GB. Close other programs, then `moco engine install torch`.'
      : 'A newer compiler (`apt-get install g++`, version 11 or later for a libtorch of 2.x) or another libtorch (--libtorch) may help.',
  });
}

/** Of installs that were killed, a day ago or more. */
function removeLeftovers(): void {
  const root = findTorchFolder();
  if (!existsSync(root)) return;
  for (const name of readdirSync(root).filter((entry) => /^[0-9a-f]{16}\.\d+/.test(entry))) {
    const folder = path.join(root, name);
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
}

function hashAddons(folder: string): string {
  const hash = createHash('sha256');
  for (const name of listBuilt(folder)) hash.update(readFileSync(path.join(folder, name)));
  return hash.digest('hex');
}

function listBuilt(folder: string): string[] {
  const gloo = existsSync(path.join(folder, GLOO_MODULE)) ? [GLOO_MODULE] : [];
  return [ADDON, IMAGE_ADDON, ...gloo];
}
