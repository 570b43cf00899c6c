// Looks for a libtorch that is installed: $LIBTORCH, the Python of a virtual environment here or of the
// PATH, Debian's libtorch-dev. Each is laid out differently; what the build needs to know is the same.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A libtorch with headers. */
export interface Libtorch {
  /** How it was found: `$LIBTORCH`, `python3`, `Debian`. */
  readonly source: string;
  readonly version: string;
  /** Folder of libtorch_cpu. */
  readonly lib: string;
  readonly include: readonly string[];
  /** The C++ ABI it was compiled with: 1 new, 0 old. */
  readonly cxx11Abi: 0 | 1;
  /** The C++ standard that its headers want. */
  readonly cxxStandard: 17 | 20;
}

/** All that are found, the one to take first. Those without headers are told in `rejected`. */
export function findLibtorch(env: NodeJS.ProcessEnv, given?: string): FoundLibtorch {
  const rejected: string[] = [];
  const candidates = [
    ...(given ? [() => readFolder(given, '--libtorch')] : []),
    ...(env.LIBTORCH ? [() => readFolder(env.LIBTORCH!, '$LIBTORCH')] : []),
    ...listPythons(env).map((python) => () => readPython(python)),
    readDebian,
  ];
  const found: Libtorch[] = [];
  for (const candidate of given ? candidates.slice(0, 1) : candidates) {
    const result = candidate();
    if (typeof result === 'string') rejected.push(result);
    else if (result) found.push(result);
  }
  return { found, rejected };
}

export interface FoundLibtorch {
  readonly found: readonly Libtorch[];
  readonly rejected: readonly string[];
}

function listPythons(env: NodeJS.ProcessEnv): string[] {
  const local = ['.venv/bin/python', 'venv/bin/python'].filter((file) => existsSync(file));
  const active = env.VIRTUAL_ENV ? [path.join(env.VIRTUAL_ENV, 'bin/python')] : [];
  return [...new Set([...active, ...local, 'python3'])];
}

const PROBE = `import json, os, torch
root = os.path.dirname(torch.__file__)
print(json.dumps([torch.__version__, root, int(torch._C._GLIBCXX_USE_CXX11_ABI)]))`;

function readPython(python: string): Libtorch | string | undefined {
  const { status, stdout } = spawnSync(python, ['-c', PROBE], { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) return undefined;
  const [version, root, abi] = JSON.parse(stdout.trim().split('\n').at(-1)!) as [string, string, 0 | 1];
  return complete({ source: python, version, root, abi });
}

/** The zip archive of pytorch.org, or a folder of that layout. */
function readFolder(root: string, source: string): Libtorch | string | undefined {
  if (!existsSync(root)) return `${source}: ${root} does not exist`;
  const config = path.join(root, 'share/cmake/Torch/TorchConfig.cmake');
  const text = existsSync(config) ? readFileSync(config, 'utf8') : '';
  const versionFile = path.join(root, 'build-version');
  const version = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : 'unknown';
  return complete({ source, version, root, abi: /_GLIBCXX_USE_CXX11_ABI=0/.test(text) ? 0 : 1 });
}

function complete(given: {
  readonly source: string;
  readonly version: string;
  readonly root: string;
  readonly abi: 0 | 1;
}): Libtorch | string {
  const { source, version, root, abi } = given;
  const lib = path.join(root, 'lib');
  if (!existsSync(path.join(root, 'include/ATen/ATen.h'))) return `${source}: ${root} has no headers`;
  if (!existsSync(path.join(lib, 'libtorch_cpu.so'))) return `${source}: ${lib} has no libtorch_cpu.so`;
  const include = ['include', 'include/torch/csrc/api/include'].map((folder) => path.join(root, folder));
  return { source, version, lib, include, cxx11Abi: abi, cxxStandard: readStandard(include[0]!) };
}

/** The package libtorch-dev, whose folders are the system's. */
function readDebian(): Libtorch | undefined {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const lib = `/usr/lib/${triplet}`;
  if (!existsSync('/usr/include/ATen/ATen.h') || !existsSync(`${lib}/libtorch_cpu.so`)) return undefined;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder.
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'libtorch-dev'], {
    encoding: 'utf8',
  });
  return {
    source: 'Debian',
    version: stdout?.trim() || 'unknown',
    lib,
    include: ['/usr/include', '/usr/include/torch/csrc/api/include'],
    cxx11Abi: 1,
    cxxStandard: readStandard('/usr/include'),
  };
}

/** The headers refuse an older standard themselves, in words that we look for. */
function readStandard(include: string): 17 | 20 {
  return readFileSync(path.join(include, 'ATen/ATen.h'), 'utf8').includes('C++20') ? 20 : 17;
}
