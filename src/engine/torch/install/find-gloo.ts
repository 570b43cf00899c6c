// Gloo for the ranks of several machines: Debian's libgloo-dev, conda's, or one built by hand. The Gloo inside pip's
// torch comes without headers.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface GlooFolders {
  /** Folder of headers. */
  readonly include: string;
  /** The shared library. */
  readonly library: string;
}

/** The first Gloo with headers and library below $CONDA_PREFIX, /usr/local or /usr; undefined where there is none. */
export function findGloo(
  env: NodeJS.ProcessEnv,
  prefixes: readonly string[] = ['/usr/local', '/usr'],
): GlooFolders | undefined {
  const all = env.CONDA_PREFIX ? [env.CONDA_PREFIX, ...prefixes] : prefixes;
  for (const prefix of all) {
    const include = path.join(prefix, 'include');
    const library = findLibrary(prefix);
    if (library && existsSync(path.join(include, 'gloo/config.h'))) return { include, library };
  }
  return undefined;
}

/** In lib, lib64, or the folder of this kind of machine below lib, as Debian has it. */
function findLibrary(prefix: string): string | undefined {
  const lib = path.join(prefix, 'lib');
  const below = existsSync(lib) ? readdirSync(lib).filter((name) => name.endsWith('-linux-gnu')) : [];
  const folders = [lib, path.join(prefix, 'lib64'), ...below.map((name) => path.join(lib, name))];
  return folders.map((folder) => path.join(folder, 'libgloo.so')).find((file) => existsSync(file));
}
