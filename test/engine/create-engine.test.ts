// An engine that does not start, in a process of its own without WebAssembly.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { locateScript } from '../../src/core/own-script.ts';

/** What a piece of code prints as JSON, run by a Node.js without WebAssembly. */
function runWithoutWasm(code: string): unknown {
  const { execArgv, path: module } = locateScript(
    pathToFileURL(path.resolve('src/here.ts')).href,
    './engine/create-engine',
  );
  const text = `import { createEngine, probeEngines } from ${JSON.stringify(pathToFileURL(module).href)};
    process.stdout.write('\\nRESULT' + JSON.stringify(await (async () => { ${code} })()));`;
  const { stdout } = spawnSync(
    process.execPath,
    ['--noexpose-wasm', ...execArgv, '--input-type=module', '--eval', text],
    { encoding: 'utf8' },
  );
  return JSON.parse(stdout.slice(stdout.indexOf('RESULT') + 'RESULT'.length));
}

test('names the engine, the cause and the command that shows what there is', () => {
  expect(runWithoutWasm("return createEngine('auto').catch((error) => error.problems);")).toEqual([
    {
      code: 'ENGINE_UNAVAILABLE',
      message: 'Expected the engine auto to start, but wasm: The WebAssembly backend did not start.',
      hint: 'Run `moco doctor` to see which engines this machine can use, then choose one with --engine.',
    },
  ]);
});

test('a probe tells why one engine is not available and finds the others', () => {
  expect(runWithoutWasm("return (await probeEngines()).filter(({ name }) => name !== 'torch');")).toEqual([
    { name: 'wasm', available: false, reason: 'The WebAssembly backend did not start' },
    { name: 'cpu', available: true, description: expect.objectContaining({ name: 'cpu' }) },
  ]);
});
