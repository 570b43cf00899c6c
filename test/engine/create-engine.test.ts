// An engine that does not start, and what `auto` takes then; each in a process of its own.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findCacheFolder } from '../../src/core/cache-folder.ts';
import { locateScript } from '../../src/core/own-script.ts';
import { findProgram } from '../../src/engine/install/run-tool.ts';
import { findBinding } from '../../src/engine/tensorflow/examine-package.ts';
import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { hasTensorflow } from '../helpers/available-engines.ts';
import { makeFolder } from '../helpers/make-record.ts';

interface Surroundings {
  /** Flags for Node.js. */
  readonly flags?: readonly string[];
  /** The cache, and so what is installed. */
  readonly cache?: string;
}

/** What a piece of code prints as JSON, run in a process of its own. */
function runApart(code: string, { flags = [], cache = makeFolder() }: Surroundings = {}): unknown {
  const env = { ...process.env, MOCO_CACHE: cache };
  const { execArgv, path: module } = locateScript(
    pathToFileURL(path.resolve('src/here.ts')).href,
    './engine/create-engine',
  );
  const text = `import { createEngine, probeEngine } from ${JSON.stringify(pathToFileURL(module).href)};
    process.stdout.write('\\nRESULT' + JSON.stringify(await (async () => { ${code} })()));`;
  const { stdout } = spawnSync(
    process.execPath,
    [...flags, ...execArgv, '--input-type=module', '--eval', text],
    { encoding: 'utf8', env },
  );
  return JSON.parse(stdout.slice(stdout.indexOf('RESULT') + 'RESULT'.length));
}

/** A cache in which the engine tensorflow counts as installed, its package an empty folder. */
function makePackage(): { readonly cache: string; readonly folder: string } {
  const cache = makeFolder();
  const folder = path.join(cache, 'tensorflow/package');
  mkdirSync(folder, { recursive: true });
  const manifest = { name: '@tensorflow/tfjs-node', folder, libtensorflow: '', key: '', cudaLibraries: [] };
  writeFileSync(path.join(cache, 'tensorflow/installed.json'), JSON.stringify(manifest));
  return { cache, folder };
}

function locateBinding(folder: string): string {
  return path.join(folder, 'lib/napi-v8/tfjs_binding.node');
}

function writeBinding(folder: string, bytes: Buffer): void {
  mkdirSync(path.dirname(locateBinding(folder)), { recursive: true });
  writeFileSync(locateBinding(folder), bytes);
}

function goneOnToWasm(fact: string) {
  const warning = `This stage runs on the engine wasm. The engine tensorflow does not start: ${fact}; \`moco engine install tensorflow\` sets it up again.`;
  return { name: 'wasm', warnings: [warning] };
}

const withoutWasm = { flags: ['--noexpose-wasm'] };

test('names the engine, the cause and the command that shows what there is', () => {
  expect(runApart("return createEngine('auto').catch((error) => error.problems);", withoutWasm)).toEqual([
    {
      code: 'ENGINE_UNAVAILABLE',
      message:
        'Expected the engine auto to start, but torch: it is not installed; `moco engine install torch` builds it; tensorflow: it is not installed; `moco engine install tensorflow` sets it up; wasm: The WebAssembly backend did not start.',
      hint: 'Run `moco doctor` to see which engines this machine can use, then choose one with --engine.',
    },
  ]);
});

test('a probe tells why one engine is not available and finds another', () => {
  expect(runApart("return [await probeEngine('wasm'), await probeEngine('cpu')];", withoutWasm)).toEqual([
    { name: 'wasm', available: false, reason: 'The WebAssembly backend did not start' },
    { name: 'cpu', available: true, description: expect.objectContaining({ name: 'cpu' }) },
  ]);
});

describe('auto', () => {
  const AUTO = `const warnings = [];
    const { name } = await createEngine('auto', { warn: (message) => warnings.push(message) });
    return { name, warnings };`;

  test('takes wasm without a word where torch was never installed', () => {
    expect(runApart(AUTO)).toEqual({ name: 'wasm', warnings: [] });
  });

  test('takes wasm and says why where torch is installed and broken', () => {
    const cache = makeFolder();
    mkdirSync(path.join(cache, 'torch'));
    const manifest = path.join(cache, 'torch/installed.json');
    writeFileSync(manifest, '{ "addon": ');
    expect(runApart(AUTO, { cache })).toEqual({
      name: 'wasm',
      warnings: [
        `This stage runs on the engine wasm. The engine torch does not start: its manifest ${manifest} is not one of this version; \`moco engine install torch\` builds it again.`,
      ],
    });
  });

  test.each<readonly [string, (folder: string) => void, (folder: string) => string]>([
    [
      'is gone',
      (folder) => rmSync(folder, { recursive: true }),
      (folder) => `its package @tensorflow/tfjs-node is gone from ${folder}`,
    ],
    [
      'has no library',
      () => {},
      (folder) => `its package @tensorflow/tfjs-node in ${folder} has lost its library`,
    ],
    [
      'has a library that was cut short',
      (folder) => {
        writeBinding(folder, readFileSync(process.execPath));
        const library = path.join(folder, 'deps/lib/libtensorflow_cc.so.2');
        mkdirSync(path.dirname(library), { recursive: true });
        writeFileSync(library, readFileSync(process.execPath).subarray(0, 100_000));
      },
      (folder) => `its library ${path.join(folder, 'deps/lib/libtensorflow_cc.so.2')} is cut short`,
    ],
    [
      'has a file that is no library',
      (folder) => writeBinding(folder, Buffer.alloc(100)),
      (folder) =>
        `its library in ${folder} does not load: one of its files is damaged (${locateBinding(folder)}: invalid ELF header)`,
    ],
  ])('takes wasm and says why where the package of tensorflow %s', (_, damage, fact) => {
    const { cache, folder } = makePackage();
    damage(folder);
    expect(runApart(AUTO, { cache })).toEqual(goneOnToWasm(fact(folder)));
  });

  test.skipIf(!hasTensorflow || !findProgram('gcc', process.env))(
    'takes wasm and says why where tensorflow’s binding is for another libtensorflow',
    () => {
      const { cache, folder } = makePackage();
      writeBinding(folder, readFileSync(findBinding(readTensorflowManifest()!.folder)!));
      const libraries = path.join(folder, 'deps/lib');
      mkdirSync(libraries, { recursive: true });
      for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'])
        execFileSync('gcc', ['-shared', '-x', 'c', '/dev/null', '-o', path.join(libraries, name)]);
      const symbol = expect.stringMatching(/\(no TFE?_\w+\)/);
      const told = runApart(AUTO, { cache }) as {
        readonly name: string;
        readonly warnings: readonly string[];
      };
      expect(told).toEqual({ name: 'wasm', warnings: [symbol] });
      expect(told.warnings[0]!.replace(/no TFE?_\w+/, 'no SYMBOL')).toBe(
        goneOnToWasm(
          `its library in ${folder} does not load: it does not fit this libtensorflow, which is another version or was built for another C++ ABI (no SYMBOL)`,
        ).warnings[0],
      );
    },
  );

  test.skipIf(!readInstalledAddon())('takes torch where it is installed', () => {
    expect(runApart(AUTO, { cache: findCacheFolder() })).toEqual({ name: 'torch', warnings: [] });
  });
});
