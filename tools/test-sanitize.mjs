// The torch engine's tests and tfjs-core's specs on an addon that AddressSanitizer watches. It is built into a
// cache of its own, without the caching allocator, which would hide a use of freed memory.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const tests = process.argv.slice(2);
const cache =
  process.env.MOCO_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mocolab');
const sanitized = join(cache, 'sanitize');
const env = {
  ...process.env,
  MOCO_CACHE: sanitized,
  CXX: writeCompiler(sanitized),
  CXXFLAGS: '-fsanitize=address -fno-omit-frame-pointer -g1',
  LDFLAGS: '-fsanitize=address',
  // Node itself is not built with the sanitizer: its runtime comes first, and V8's leaks are no business of ours.
  LD_PRELOAD: execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim(),
  ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1:abort_on_error=1:allocator_may_return_null=1',
};

run(['dist/main.js', 'engine', 'install', 'torch']);
run([
  'node_modules/vitest/vitest.mjs',
  'run',
  ...(tests.length > 0 ? tests : ['test/engine', 'test/conformance', 'test/data/native-renderer.test.ts']),
]);

function run(args) {
  execFileSync(process.execPath, args, { env, stdio: 'inherit' });
}

/** A compiler that is not watched itself, and does little, because the sanitizer's checks slow both down. */
function writeCompiler(folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'c++');
  writeFileSync(file, '#!/bin/sh\nunset LD_PRELOAD\nexec c++ "$@" -O1\n', { mode: 0o755 });
  return file;
}
