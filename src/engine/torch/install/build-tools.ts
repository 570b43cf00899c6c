// What the build needs beside libtorch: a C++ compiler, cmake, and make or ninja.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../../install/run-tool.ts';
import { findPrivatePython } from './private-python.ts';

/** Programs of which each one will do, and the Debian package that brings one. */
const tools = {
  'a C++ compiler': { programs: ['c++', 'g++', 'clang++'], package: 'g++' },
  cmake: { programs: ['cmake'], package: 'cmake' },
  make: { programs: ['make', 'ninja'], package: 'make' },
} as const;

export type Tool = keyof typeof tools;

/** Those that this machine lacks. $CXX counts as a compiler. */
export function findMissingTools(env: NodeJS.ProcessEnv): Tool[] {
  return (Object.keys(tools) as Tool[]).filter((tool) => {
    if (tool === 'a C++ compiler' && env.CXX && findProgram(env.CXX, env)) return false;
    if (tool === 'cmake') return !findCmake(env);
    return !tools[tool].programs.some((name) => findProgram(name, env));
  });
}

/** cmake of the PATH, else the one that pip brought into our own environment. */
export function findCmake(env: NodeJS.ProcessEnv): string | undefined {
  const python = findPrivatePython();
  const own = python && path.join(path.dirname(python), 'cmake');
  return findProgram('cmake', env) ?? (own && existsSync(own) ? own : undefined);
}

/** The Debian packages that bring tools. */
export function namePackages(missing: readonly Tool[]): string[] {
  return missing.map((tool) => tools[tool].package);
}
