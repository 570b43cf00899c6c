// Starts our own files as threads and processes: `.js` once built, `.ts` (through tsx) from the sources.

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A script of ours beside the importing module. */
export interface OwnScript {
  readonly path: string;
  /** Flags that a Node process needs to run it. */
  readonly execArgv: readonly string[];
  /** What to give to `new Worker`, which has no use for those flags. */
  readonly threadUrl: URL;
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
  if (!isSource) return { path: fileURLToPath(url), execArgv: [], threadUrl: url };
  const tsx = new URL('dist/', pathToFileURL(createRequire(from).resolve('tsx/package.json')));
  const bootstrap = `import { register } from '${new URL('esm/api/index.mjs', tsx).href}'; register(); await import('${url.href}');`;
  return {
    path: fileURLToPath(url),
    execArgv: ['--import', new URL('loader.mjs', tsx).href],
    threadUrl: new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`),
  };
}
