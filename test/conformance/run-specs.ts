// Runs the specs that tfjs-core publishes beside its modules on a native engine's backend, in a process of their own.
// They and the backend must share one tfjs-core, so they are bundled together.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { SpecResult } from './spec-result.ts';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Engines that have a start-NAME.ts here. */
export type SpecEngine = 'torch' | 'tensorflow';

/** Runs all specs; throws where the process crashes. `library`: what the engine's start file loads. */
export async function runSpecs(engine: SpecEngine, library: string): Promise<SpecResult[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mocolab-specs-'));
  try {
    const [bundle, results] = [path.join(folder, 'specs.mjs'), path.join(folder, 'results.json')];
    await bundleSpecs(engine, bundle);
    execFileSync(process.execPath, [bundle, library, results], { stdio: ['ignore', 'ignore', 'pipe'] });
    return JSON.parse(readFileSync(results, 'utf8')) as SpecResult[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundleSpecs(engine: SpecEngine, outfile: string): Promise<void> {
  await build({
    stdin: {
      contents: `import './start-${engine}.ts'; import '@tensorflow/tfjs-core/dist/tests.js'; import './run-jasmine.ts';`,
      resolveDir: here,
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    // tfjs's modules, not its Node file: the specs import the modules.
    mainFields: ['module', 'main'],
    // The package says that its spec files have no side effects, and they would be left out.
    ignoreAnnotations: true,
    external: ['jasmine-core'], // Reads its own files.
    banner: { js: requireFrom(import.meta.url) },
    logLevel: 'error',
  });
}

/** `require` for CommonJS in the bundle, as if it stood beside this file. */
function requireFrom(url: string): string {
  return `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(${JSON.stringify(url)});`;
}
