// Where Detectron2 is on this machine: a Python that finds the package, and the scripts of facebookresearch/moco
// that train with it. Asks each Python in a process of its own and imports nothing heavy.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { DetectionRecipe } from '../config/schema/recipe.generated.ts';

/** The program that trains, in the recipe's folder. */
export const TRAIN_SCRIPT = 'train_net.py';
const PYTHON_VARIABLE = 'MOCO_DETECTRON2_PYTHON';

/** A Python that can train, or why there is none. */
export type FoundDetectron =
  | { readonly found: true; readonly python: string }
  | { readonly found: false; readonly reason: string };

const QUESTION = 'import importlib.util, sys; sys.exit(0 if importlib.util.find_spec("detectron2") else 3)';
const PATIENCE_MS = 20_000;

/** Looks for what a recipe needs. */
export function findDetectron(
  { python, folder, configFile }: Pick<DetectionRecipe, 'python' | 'folder' | 'configFile'>,
  env: NodeJS.ProcessEnv = process.env,
): FoundDetectron {
  // Files first: a look at them costs nothing, a Python's start a tenth of a second.
  const missing = [TRAIN_SCRIPT, configFile].find((file) => !existsSync(path.resolve(folder, file)));
  if (missing !== undefined) return { found: false, reason: `no ${missing} in ${folder}` };
  const candidates = python === 'auto' ? listPythons(env) : [python];
  const able = candidates.find(hasDetectron);
  if (able === undefined)
    return { found: false, reason: `no Python with detectron2 (tried ${candidates.join(', ')})` };
  return { found: true, python: able };
}

function listPythons(env: NodeJS.ProcessEnv): string[] {
  const named = env[PYTHON_VARIABLE];
  return [...(named ? [named] : []), 'python3', 'python'];
}

function hasDetectron(python: string): boolean {
  return spawnSync(python, ['-c', QUESTION], { stdio: 'ignore', timeout: PATIENCE_MS }).status === 0;
}
