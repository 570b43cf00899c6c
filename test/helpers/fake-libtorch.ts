// Folders that look like a libtorch, sound or not, as the install finds them; and small addons that fail to load
// in the ways that real ones do, each built by the real compiler.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface FakeLibtorch {
  readonly version?: string;
  /** The processor in the library's ELF header; 62 is x64, 183 arm64. */
  readonly machine?: number;
  readonly abi?: 0 | 1;
  readonly without?: 'headers' | 'library' | 'version';
  readonly standard?: 17 | 20;
}

const OWN_MACHINE = process.arch === 'arm64' ? 183 : 62;

/** Fills `folder` with include/ and lib/. */
export function writeFakeLibtorch(folder: string, options: FakeLibtorch = {}): string {
  const { version = '2.4.1', machine = OWN_MACHINE, abi = 1, without, standard = 17 } = options;
  const write = (file: string, content: string | Buffer) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  };
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt16LE(machine, 18);
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  if (without !== 'library') write('lib/libtorch_cpu.so', header);
  const text = abi === 1 ? 'ENS_14SourceLocationENSt7__cxx1112basic_string' : 'ENS_14SourceLocationESs';
  write('lib/libc10.so', `_ZN3c105ErrorC2${text}`);
  if (without === 'headers') return folder;
  // Whoever compiles against it fails at once.
  for (const name of ['ATen', 'Parallel'])
    write(`include/ATen/${name}.h`, `#error ${standard === 20 ? 'C++20 or later is required' : 'A fake'}.\n`);
  const [major, minor, patch] = version.split('.');
  const define = (name: string, value = '0') => `#define TORCH_VERSION_${name} ${value}\n`;
  if (without !== 'version')
    write(
      'include/torch/csrc/api/include/torch/version.h',
      define('MAJOR', major) + define('MINOR', minor) + define('PATCH', patch),
    );
  return folder;
}

export const hasCompiler = spawnSync('g++', ['--version']).status === 0;

/** Compiles an addon of a few lines. */
export function compileAddon(folder: string, code: string, flags: readonly string[] = []): string {
  const [source, addon] = [path.join(folder, 'addon.cc'), path.join(folder, 'addon.node')];
  writeFileSync(source, code);
  execFileSync('g++', ['-shared', '-fPIC', source, '-o', addon, ...flags], { stdio: 'pipe' });
  return addon;
}

/** A PATH with nothing but these programs. */
export function makePath(folder: string, programs: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const name of programs) {
    const script = `#!/bin/sh\nexec ${execFileSync('sh', ['-c', `command -v ${name}`])
      .toString()
      .trim()} "$@"\n`;
    writeFileSync(path.join(folder, name), script, { mode: 0o755 });
  }
  return folder;
}
