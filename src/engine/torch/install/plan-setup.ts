// What this machine allows where something is missing: apt as root on Debian and Ubuntu, else pip into a
// Python environment of our own in the cache. Only plans; set-up.ts does it.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../../install/run-tool.ts';
import { namePackages, type Tool } from './build-tools.ts';
import { compareVersions } from './read-libtorch.ts';

/** What is missing. */
export interface Needs {
  readonly libtorch: boolean;
  readonly tools: readonly Tool[];
  /** A Gloo to build against, which ranks of several machines talk through; TCP does without. */
  readonly gloo?: boolean;
}

/** What a plan depends on. */
export interface Machine {
  readonly isRoot: boolean;
  readonly hasApt: boolean;
  /** Version of libtorch-dev that apt would install; undefined where it does not know yet. */
  readonly aptLibtorch?: string;
  /** A Python that could make an environment. */
  readonly python?: string;
}

export interface Setup {
  /** Run in this order. */
  readonly commands: readonly (readonly string[])[];
  /** Run after them; what goes wrong here is no failure. */
  readonly attempts?: readonly (readonly string[])[];
  /** The environment that they make, to be adopted when all went well. */
  readonly environment?: string;
  /** Nothing but the system's own packages: `npm run quickstart` does that without asking. */
  readonly isModest: boolean;
}

export function describeMachine(env: NodeJS.ProcessEnv): Machine {
  const apt = findProgram('apt-get', env);
  const aptLibtorch = apt ? readAptVersion(env) : undefined;
  const python = findProgram('python3', env);
  return {
    isRoot: process.getuid?.() === 0,
    hasApt: apt !== undefined && isDebian(),
    ...(aptLibtorch ? { aptLibtorch } : {}),
    ...(python ? { python } : {}),
  };
}

/** The commands that bring what is missing; undefined where this user can't. */
export function planSetup(needs: Needs, machine: Machine, environment: string): Setup | undefined {
  const { isRoot, hasApt, aptLibtorch } = machine;
  const canApt = isRoot && hasApt;
  const aptBringsLibtorch = canApt && (!aptLibtorch || compareVersions(aptLibtorch, '1.13') >= 0);
  const packages = canApt ? namePackages(needs.tools) : [];
  const pip = [];
  if (needs.libtorch && aptBringsLibtorch) packages.unshift('libtorch-dev');
  else if (needs.libtorch) pip.push('torch');
  if (!canApt && needs.tools.includes('cmake')) pip.push('cmake');
  if (!canApt && needs.tools.some((tool) => tool !== 'cmake')) return undefined;
  if (pip.length > 0 && canApt) packages.push('python3-venv');
  if (pip.length > 0 && !canApt && !machine.python) return undefined;
  const commands = [
    ...(packages.length > 0 ? aptCommands(packages) : []),
    ...(pip.length > 0 ? pipCommands(machine.python ?? 'python3', environment, pip) : []),
  ];
  // On its own, because older releases lack the package.
  const attempts = canApt && needs.gloo ? [[...APT_INSTALL, 'libgloo-dev']] : [];
  return {
    commands,
    ...(attempts.length > 0 ? { attempts } : {}),
    ...(pip.length > 0 ? { environment } : {}),
    isModest: pip.length === 0,
  };
}

const APT_INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends'];

function aptCommands(packages: readonly string[]): string[][] {
  return [
    ['apt-get', 'update'],
    [...APT_INSTALL, ...packages],
  ];
}

function pipCommands(python: string, environment: string, packages: readonly string[]): string[][] {
  return [
    [python, '-m', 'venv', environment],
    [path.join(environment, 'bin/python'), '-m', 'pip', 'install', ...packages],
  ];
}

/** `Candidate: 1.13.1+dfsg-4`; a fresh image has no lists yet. */
function readAptVersion(env: NodeJS.ProcessEnv): string | undefined {
  try {
    const text = execFileSync('apt-cache', ['policy', 'libtorch-dev'], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return text.match(/Candidate: (?:\d+:)?(\d[\d.]+)/)?.[1];
  } catch {
    return undefined;
  }
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}
