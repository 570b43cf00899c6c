// Loads a config from files that a test writes into a folder of its own, and renders what is wrong.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../src/config/load-config.ts';
import type { LoadOptions } from '../../src/config/loading.ts';
import { renderProblem } from '../../src/core/render-problem.ts';
import { makeFolder } from './make-record.ts';

/** Writes files into a new folder and goes there until the test is over. */
function enterFolder(files: { readonly [name: string]: string }): string {
  const folder = makeFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => process.chdir(before));
  return folder;
}

/** Loads `a.yaml` of these files. */
export function loadFiles(
  files: { readonly [name: string]: string },
  options: Partial<LoadOptions> = {},
): LoadedConfig {
  enterFolder(files);
  return loadConfig({ file: 'a.yaml', env: {}, ...options });
}

/** The problems, and then the warnings, as a user sees them. */
export function renderAll({ problems, warnings }: LoadedConfig): string {
  return [...problems, ...warnings].map((problem) => renderProblem(problem)).join('\n\n');
}
