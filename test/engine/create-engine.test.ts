// An engine that does not start, and what `auto` takes then; each in a process of its own.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findCacheFolder } from '../../src/core/cache-folder.ts';
import { locateScript } from '../../src/core/own-script.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
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

  test('takes wasm and says why where tensorflow is there without its library', () => {
    const cache = makeFolder();
    const folder = path.join(cache, 'tensorflow');
    mkdirSync(folder);
    const manifest = { name: '@tensorflow/tfjs-node', folder, libtensorflow: '', key: '' };
    writeFileSync(path.join(folder, 'installed.json'), JSON.stringify(manifest));
    expect(runApart(AUTO, { cache })).toEqual({
      name: 'wasm',
      warnings: [
        `This stage runs on the engine wasm. The engine tensorflow does not start: its package @tensorflow/tfjs-node in ${folder} came without its library, which npm's install script builds; \`moco engine install tensorflow\` sets one up.`,
      ],
    });
  });

  test('takes wasm and says why where the library of tensorflow is damaged', () => {
    const cache = makeFolder();
    const folder = path.join(cache, 'tensorflow');
    const addon = path.join(folder, 'lib/napi-v8/tfjs_binding.node');
    mkdirSync(path.dirname(addon), { recursive: true });
    writeFileSync(addon, 'short');
    const load = 'module.exports = require("./lib/napi-v8/tfjs_binding.node");';
    writeFileSync(path.join(folder, 'index.js'), load);
    const manifest = { name: '@tensorflow/tfjs-node', folder, libtensorflow: '', key: '' };
    writeFileSync(path.join(folder, 'installed.json'), JSON.stringify(manifest));
    expect(runApart(AUTO, { cache })).toEqual({
      name: 'wasm',
      warnings: [
        `This stage runs on the engine wasm. The engine tensorflow does not start: its library in ${folder} does not load: one of its files is damaged (${addon}: file too short); \`moco engine install tensorflow --force\` sets it up again.`,
      ],
    });
  });

  test.skipIf(!readInstalledAddon())('takes torch where it is installed', () => {
    expect(runApart(AUTO, { cache: findCacheFolder() })).toEqual({ name: 'torch', warnings: [] });
  });
});
