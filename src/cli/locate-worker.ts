// The script that worker processes run.

import { pathToFileURL } from 'node:url';
import { locateScript, type OwnScript } from '../core/own-script.ts';

/** MOCO_WORKER is for tests: a script that plays the worker's part. */
export function locateWorker(): OwnScript {
  const script = process.env.MOCO_WORKER;
  if (script) return { path: script, execArgv: [], threadUrl: pathToFileURL(script) };
  return locateScript(import.meta.url, '../worker/main');
}
