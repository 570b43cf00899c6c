// Installs tfjs-node without its scripts, whose download is often blocked, puts libtensorflow where its binding
// looks, and builds the binding with the headers of Node-API that npm has.

import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ProblemError } from '../../../core/problem.ts';
import { findProgram, runTool } from '../../install/run-tool.ts';
import { TFJS_NODE } from '../find-package.ts';
import type { Libtensorflow } from './bring-library.ts';
import { reportBuild, reportDownload, reportTool } from './problems.ts';

/** The newest version of Node-API that tfjs-node 4.22.0 has a name for; Node.js 18 and later have it. */
const NAPI_VERSION = 8;

export interface BuildOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** Leaves the package in `working`/node_modules. Throws TENSORFLOW_TOOL or TENSORFLOW_DOWNLOAD. */
export async function installPackage(
  working: string,
  name: string,
  { env, say }: BuildOptions,
): Promise<string> {
  const npm = findProgram('npm', env);
  if (!npm) throw new ProblemError(reportTool('npm', 'npm'));
  say(`npm installs ${name}@${TFJS_NODE} without its scripts`);
  writeFileSync(path.join(working, 'package.json'), '{ "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error'];
  const command = [npm, 'install', ...options, '--prefix', working, `${name}@${TFJS_NODE}`];
  const { code, signal, lines } = await runTool(command, () => {}, { env, cwd: working });
  if (code === 0) return path.join(working, 'node_modules', name);
  const said = lines.find((line) => /npm error|npm ERR!/.test(line)) ?? `npm ended with ${signal ?? code}`;
  throw new ProblemError(reportDownload(`${name}@${TFJS_NODE}`, said.trim().slice(0, 200)));
}

/** Builds into the package. Throws TENSORFLOW_TOOL or TENSORFLOW_BUILD_FAILED. */
export async function buildBinding(
  folder: string,
  library: Libtensorflow & { readonly isOurs: boolean },
  { env, say }: BuildOptions,
): Promise<void> {
  const compiler = ['c++', 'g++', 'clang++'].map((name) => findProgram(name, env)).find(Boolean);
  const program = (env.CXX && findProgram(env.CXX, env)) || compiler;
  if (!program) throw new ProblemError(reportTool('a C++ compiler', 'g++'));
  const lib = path.join(folder, 'deps/lib');
  const out = path.join(folder, `lib/napi-v${NAPI_VERSION}`);
  for (const each of [lib, out]) mkdirSync(each, { recursive: true });
  for (const file of library.libraries) {
    const target = path.join(lib, path.basename(file));
    if (library.isOurs) renameSync(file, target);
    else symlinkSync(file, target);
  }
  say('building its binding');
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => path.join(folder, 'binding', name));
  const names = library.libraries.map((file) => `-l:${path.basename(file)}`);
  const headers = path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'));
  const include = [path.join(folder, 'binding'), library.include, path.join(headers, 'include')];
  const flags = ['-O2', '-std=c++17', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI_VERSION}`];
  const search = include.map((each) => `-I${each}`);
  const link = [`-L${lib}`, ...names, '-Wl,-rpath,$ORIGIN/../../deps/lib'];
  const built = path.join(out, 'tfjs_binding.node');
  const command = [program, ...flags, ...search, ...sources, '-o', built, ...link];
  const { code, signal, lines } = await runTool(command, () => {}, { env });
  if (code === 0) return;
  const telling = lines.find((line) => /\berror\b|undefined reference|not found/i.test(line));
  const fact = telling?.trim().slice(0, 200) ?? `the compiler ended with ${signal ?? `exit code ${code}`}`;
  throw new ProblemError(reportBuild(fact));
}
