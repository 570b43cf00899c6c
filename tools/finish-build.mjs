// After tsc: the command is executable, and schemas, C++ sources and the browser's script lie where the code reads them.

import { chmod, copyFile, cp, mkdir, rm } from 'node:fs/promises';

const root = new URL('../', import.meta.url);
await mkdir(new URL('dist/config/schema/', root), { recursive: true });
for (const name of ['recipe', 'experiment', 'parity']) {
  const file = `config/schema/${name}.schema.json`;
  await copyFile(new URL(`src/${file}`, root), new URL(`dist/${file}`, root));
}
await copyFile(new URL('src/web/live.js', root), new URL('dist/web/live.js', root));
// A source that is gone must not stay: the addon is known by the hash of all.
await rm(new URL('dist/engine/torch/cc/', root), { recursive: true, force: true });
await cp(new URL('src/engine/torch/cc/', root), new URL('dist/engine/torch/cc/', root), { recursive: true });
await chmod(new URL('dist/main.js', root), 0o755);
