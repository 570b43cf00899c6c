// What an installation of libtorch says about itself: version, C++ ABI and standard, CUDA, processor.
// All is read from its files, because `import torch` takes seconds and may fail where the library works.

import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

/** A libtorch that the addon can be built against. */
export interface Libtorch {
  readonly version: string;
  /** Folder of libtorch_cpu. */
  readonly lib: string;
  readonly include: readonly string[];
  /** The C++ ABI it was compiled with: 1 new, 0 old. */
  readonly cxx11Abi: 0 | 1;
  /** The C++ standard that its headers want. */
  readonly cxxStandard: 17 | 20;
  /** Whether it was built for NVIDIA GPUs. */
  readonly cuda: boolean;
}

export interface LibtorchFolders {
  readonly include: string;
  readonly lib: string;
}

/** The first version that has all that the addon calls. */
const OLDEST = '1.13';

/** Reads an installation. Returns a sentence's end that says why it can't be used, where it can't. */
export function readLibtorch({ include, lib }: LibtorchFolders): Libtorch | string {
  const library = path.join(lib, 'libtorch_cpu.so');
  if (!existsSync(library)) return `${lib} has no libtorch_cpu.so`;
  if (!existsSync(path.join(include, 'ATen/ATen.h'))) return `${include} has no headers (ATen/ATen.h)`;
  const machine = readMachine(library);
  if (machine !== process.arch) return `it is for ${machine}, and this Node.js is for ${process.arch}`;
  const version = readVersion(include, lib);
  if (!version) return `${include} does not tell its version (torch/version.h)`;
  if (compareVersions(version, OLDEST) < 0) return `it is ${version}, and the addon needs ${OLDEST} or newer`;
  return {
    version,
    lib,
    include: [include, path.join(include, 'torch/csrc/api/include')],
    cxx11Abi: readAbi(lib),
    cxxStandard: readStandard(include),
    cuda: existsSync(path.join(lib, 'libtorch_cuda.so')),
  };
}

/** Negative where `a` is older, by its numbers alone: `2.15.0+cu132` is newer than `2.9.1`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.match(/^[\d.]+/)?.[0] ?? '').split('.').map(Number));
  for (let i = 0; i < Math.max(left!.length, right!.length); i++) {
    const difference = (left![i] || 0) - (right![i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Sizes and times of the libraries: other bytes under the same name are another libtorch. */
export function stampLibtorch(lib: string): string {
  return ['libtorch_cpu.so', 'libc10.so']
    .map((name) => statSync(path.join(lib, name), { throwIfNoEntry: false }))
    .map((found) => (found ? `${found.size} ${Math.round(found.mtimeMs)}` : 'none'))
    .join(', ');
}

/** The processor of an ELF file, in Node's words. */
function readMachine(file: string): string {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, header, 0, header.length, 0);
  closeSync(descriptor);
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return 'another system';
  const machine = header.readUInt16LE(18);
  return { 62: 'x64', 183: 'arm64' }[machine] ?? `processor ${machine} of ELF`;
}

/** pip says most (`2.15.0+cu132`); the headers are where everybody has them. */
function readVersion(include: string, lib: string): string | undefined {
  const python = readText(path.join(lib, '../version.py')).match(/^__version__ = '([^']+)'/m)?.[1];
  if (python) return python;
  for (const name of ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h']) {
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => readText(path.join(include, name)).match(`define TORCH_VERSION_${part} (\\d+)`)?.[1],
    );
    if (numbers[0] && numbers[1]) return numbers.filter(Boolean).join('.');
  }
  return undefined;
}

/** In the new ABI, the names of functions that take a std::string say so. */
function readAbi(lib: string): 0 | 1 {
  const symbols = readFileSync(path.join(lib, 'libc10.so'), 'latin1');
  return symbols.includes('_ZN3c105ErrorC2ENS_14SourceLocationESs') ? 0 : 1;
}

/** The headers refuse an older standard themselves, in words that we look for. */
function readStandard(include: string): 17 | 20 {
  return readText(path.join(include, 'ATen/ATen.h')).includes('C++20') ? 20 : 17;
}

function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
