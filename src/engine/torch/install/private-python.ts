// A Python environment of our own in the cache, with torch from pip: for machines where nobody else
// installed a libtorch and apt can't. It lies under a name of its own until it is complete.

import { existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { findTorchFolder } from '../addon-file.ts';

const NAME = 'python';

/** Its interpreter; undefined where there is none. */
export function findPrivatePython(): string | undefined {
  const file = path.join(findTorchFolder(), NAME, 'bin/python');
  return existsSync(file) ? file : undefined;
}

/** A folder for an environment that is about to be made. */
export function namePrivateEnvironment(): string {
  return path.join(findTorchFolder(), `${NAME}.${process.pid}`);
}

/** Makes a complete environment the one that is found: a link, because environments can't be moved. */
export function adoptPrivateEnvironment(folder: string): void {
  const link = path.join(findTorchFolder(), NAME);
  const fresh = `${link}.link.${process.pid}`;
  rmSync(fresh, { force: true });
  symlinkSync(path.basename(folder), fresh);
  renameSync(fresh, link);
}
