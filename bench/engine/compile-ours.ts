// Makes JavaScript of ours.ts that runs on the compiled program, as users have it: a TypeScript loader in the
// process would count for 30 MB of its memory.

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { transformSync } from 'esbuild';

const dist = new URL('../../dist/', import.meta.url);

/** The file to start. `npm run build` comes first. */
export function compileOurs(): string {
  if (!existsSync(dist)) throw new Error('The benchmark runs the compiled program: `npm run build` first.');
  const source = readFileSync(new URL('ours.ts', import.meta.url), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
  const compiled = code.replaceAll(/"\.\.\/\.\.\/src\/(.+)\.ts"/g, (_, name) =>
    JSON.stringify(new URL(`${name}.js`, dist).href),
  );
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'mocolab-bench-')), 'ours.mjs');
  writeFileSync(file, compiled);
  return file;
}
