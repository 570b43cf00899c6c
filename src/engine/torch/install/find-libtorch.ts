// Where a libtorch may be: --libtorch, $LIBTORCH, virtual environments here, conda, the Pythons of the PATH,
// Debian's libtorch-dev. A Python is asked where its torch lies, and never imports it.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findPrivatePython } from './private-python.ts';
import { type Libtorch, type LibtorchFolders, readLibtorch } from './read-libtorch.ts';

/** A place that was looked at, and what is there. */
export interface Candidate {
  /** As a user would call it: `$LIBTORCH`, `.venv/bin/python`, `Debian's libtorch-dev`. */
  readonly origin: string;
  /** `explicit` was asked for; `here` belongs to this folder or shell; `machine` to everybody. */
  readonly rank: 'explicit' | 'here' | 'machine';
  /** The library; or why it can't be used; undefined where the place has none. */
  readonly found: Libtorch | string | undefined;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

interface Place extends Pick<Candidate, 'origin' | 'rank'> {
  /** A folder with include/ and lib/, or the two folders, or a Python to ask. */
  readonly root?: string;
  readonly folders?: LibtorchFolders;
  readonly python?: string;
}

/** Looks everywhere, in the order of preference; only at `given` where there is one. */
export async function findLibtorch(surroundings: Surroundings, given?: string): Promise<Candidate[]> {
  const places = given
    ? [{ origin: '--libtorch', rank: 'explicit', root: given } as const]
    : listPlaces(surroundings);
  const looked = await Promise.all(places.map((place) => look(place, surroundings)));
  return withoutRepetitions(looked.filter((found) => found !== undefined));
}

function listPlaces({ env, cwd }: Surroundings): Place[] {
  const { LIBTORCH, VIRTUAL_ENV, CONDA_PREFIX } = env;
  const local = ['.venv', 'venv'].map((name) => path.join(cwd, name));
  const environments = [...new Set([VIRTUAL_ENV, ...local, CONDA_PREFIX].filter((folder) => folder))];
  const places: Place[] = environments
    .map((folder) => path.join(folder!, 'bin/python'))
    .filter((python) => existsSync(python))
    .map((python) => ({ origin: shorten(python, cwd), rank: 'here', python }));
  if (LIBTORCH) places.unshift({ origin: '$LIBTORCH', rank: 'explicit', root: LIBTORCH });
  if (CONDA_PREFIX) places.push({ origin: 'conda', rank: 'here', root: CONDA_PREFIX });
  const own = findPrivatePython();
  if (own) places.push({ origin: own, rank: 'machine', python: own });
  for (const python of listPythons(env.PATH ?? '')) places.push({ origin: python, rank: 'machine', python });
  return [...places, { origin: 'Debian’s libtorch-dev', rank: 'machine', folders: debian() }];
}

/** Interpreters of the PATH, each once: `python3` is often a link to one that is there as well. */
function listPythons(searchPath: string): string[] {
  const found = new Map<string, string>();
  for (const folder of new Set(searchPath.split(path.delimiter).filter((entry) => existsSync(entry)))) {
    const names = readdirSync(folder).filter((name) => /^python(3(\.\d+)?)?$/.test(name));
    for (const file of names.sort().map((name) => path.join(folder, name))) {
      if (!existsSync(file)) continue;
      // The Python of a virtual environment is a link too, but knows other packages.
      const isEnvironment = existsSync(path.join(folder, '../pyvenv.cfg'));
      const key = isEnvironment ? folder : realpathSync(file);
      if (!found.has(key)) found.set(key, file);
    }
  }
  return [...found.values()];
}

function debian(): LibtorchFolders {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return { include: '/usr/include', lib: `/usr/lib/${triplet}` };
}

/** Undefined for what is not worth a word: the system has no libtorch-dev, conda no libtorch of its own. */
async function look(place: Place, surroundings: Surroundings): Promise<Candidate | undefined> {
  const { origin, rank, root, python, folders } = place;
  if (python) return { origin, rank, found: await lookInPython(python, surroundings) };
  const { include, lib } = folders ?? inFolder(root!);
  if (rank !== 'explicit' && !existsSync(path.join(lib, 'libtorch_cpu.so'))) return undefined;
  if (root && !existsSync(root)) return { origin, rank, found: `${root} does not exist` };
  return { origin, rank, found: readLibtorch({ include, lib }) };
}

function inFolder(root: string): LibtorchFolders {
  const folder = path.resolve(root);
  return { include: path.join(folder, 'include'), lib: path.join(folder, 'lib') };
}

/** Finds the package without importing it, and not in the current folder. */
const WHERE = `import sys
sys.path = [p for p in sys.path if p]
from importlib.util import find_spec
spec = find_spec('torch')
print(spec.origin if spec and spec.origin else '')`;

async function lookInPython(python: string, { env }: Surroundings): Promise<Libtorch | string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', WHERE], { env, timeout: 20_000 });
    const module = stdout.trim().split('\n').at(-1);
    return module ? readLibtorch(inFolder(path.dirname(module))) : undefined;
  } catch {
    // A Python that does not run, such as a shim for a version that is not chosen, has no torch to give.
    return undefined;
  }
}

/** Several Pythons may see the same package, and Debian's is the system's library. */
function withoutRepetitions(candidates: readonly Candidate[]): Candidate[] {
  const origins = new Map<string, string>();
  return candidates.map((candidate) => {
    const { origin, found } = candidate;
    if (typeof found !== 'object') return candidate;
    const library = realpathSync(path.join(found.lib, 'libtorch_cpu.so'));
    const first = origins.get(library);
    if (first) return { ...candidate, found: `the same library as that of ${first}` };
    origins.set(library, origin);
    return candidate;
  });
}

function shorten(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative.startsWith('..') ? file : relative;
}
