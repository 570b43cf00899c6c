// Brings a fresh clone to where `moco` runs: installs the pinned packages and builds, each only
// when its inputs changed since the last time. Plain Node: it runs before anything is installed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamps = join(root, 'node_modules', '.mocolab');

refuseOldNode();
step('installing packages', ['package.json', 'package-lock.json'], () =>
  // Not `npm ci`: it refuses a lock file that lacks the optional binaries of other systems.
  npm('install', '--no-save', '--no-audit', '--no-fund'),
);
step('building', ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'tools', 'src'], () =>
  npm('run', 'build'),
);

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `mocolab needs Node.js >= 20.19, this is ${process.versions.node} (https://nodejs.org/en/download).`,
  );
  process.exit(2);
}

function step(name, inputs, run) {
  const stamp = join(stamps, name.replaceAll(' ', '-'));
  const hash = hashInputs(inputs);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.log(`mocolab: ${name} ...`);
  run();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, hash);
}

function npm(...args) {
  execFileSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
}

function hashInputs(inputs) {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const file of inputs.flatMap((input) => listFiles(join(root, input)))) {
    hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function listFiles(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}
