// After tsc: the command is executable, and schemas and C++ sources lie where the code reads them.

import { chmod, copyFile, cp, mkdir, rm } from 'node:fs/promises';

const root = new URL('../', import.meta.url);
await mkdir(new URL('dist/config/schema/', root), { recursive: true });
for (const name of ['recipe', 'experiment']) {
  const file = `config/schema/${name}.schema.json`;
  await copyFile(new URL(`src/${file}`, root), new URL(`dist/${file}`, root));
}
const addon = new URL('dist/engine/torch/cc/', root);
await rm(addon, { recursive: true, force: true }); // The build takes every file that is there.
await cp(new URL('src/engine/torch/cc/', root), addon, { recursive: true });
await chmod(new URL('dist/main.js', root), 0o755);
