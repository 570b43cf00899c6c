// Starts our own files as threads and processes: `.js` once built, `.ts` (through tsx) from the sources.

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A script beside the importing module, and the Node flags it needs. */
export interface OwnScript {
  readonly url: URL;
  readonly path: string;
  readonly execArgv: readonly string[];
}

/**
 * Locates a script of ours.
 *
 * @param from the importing module's `import.meta.url`
 * @param name relative path without an extension, such as `./loader-thread`
 */
export function locateScript(from: string, name: string): OwnScript {
  const isSource = new URL(from).pathname.endsWith('.ts');
  const url = new URL(`${name}${isSource ? '.ts' : '.js'}`, from);
  return { url, path: fileURLToPath(url), execArgv: isSource ? ['--import', findTsx(from)] : [] };
}

function findTsx(from: string): string {
  return pathToFileURL(createRequire(from).resolve('tsx')).href;
}
