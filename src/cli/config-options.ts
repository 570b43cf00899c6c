// The options that change what a file says, as commander gives them, and their way into a loaded config.

import { existsSync } from 'node:fs';
import { type LoadedConfig, loadConfig } from '../config/load-config.ts';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { ProblemError } from '../core/problem.ts';
import { hashFile } from '../files/hash-file.ts';
import { showProblems } from './show-problems.ts';

export interface ConfigOptions {
  readonly set: readonly string[];
  readonly trials?: number;
  readonly engine?: string;
  readonly data?: string;
  readonly pretrained?: string;
  readonly devices?: string;
  readonly devicesPerTrial?: number;
  readonly failureMode?: string;
}

/** A config without problems. */
export interface UsableConfig extends LoadedConfig {
  readonly experiment: ResolvedExperiment;
}

/** Loads a file; shows its warnings. Throws all its problems. */
export function loadUsableConfig(file: string, options: ConfigOptions): UsableConfig {
  const { set, trials, engine, data, pretrained, devices, devicesPerTrial, failureMode } = options;
  const loaded = loadConfig({
    file,
    set,
    ...(trials === undefined ? {} : { trials }),
    ...(engine === undefined ? {} : { engine }),
    ...(data === undefined ? {} : { dataRoot: data }),
    ...(pretrained === undefined ? {} : { pretrained }),
    ...(devices === undefined ? {} : { devices }),
    ...(devicesPerTrial === undefined ? {} : { devicesPerTrial }),
    ...(failureMode === undefined ? {} : { failureMode }),
    env: process.env,
  });
  if (!loaded.experiment) throw new ProblemError(loaded.problems);
  if (loaded.warnings.length > 0) showProblems(loaded.warnings);
  return { ...loaded, experiment: pinCheckpoints(loaded.experiment) };
}

/** A checkpoint of the user's is known by its content, so that another file of the same name is another input. */
function pinCheckpoints(experiment: ResolvedExperiment): ResolvedExperiment {
  const methods = experiment.methods.map((method) => {
    const checkpoint = method.recipe.checkpoint ?? method.recipe.resume;
    if (checkpoint === undefined || !existsSync(checkpoint)) return method;
    return { ...method, checkpointSha256: hashFile(checkpoint, 'sha256') };
  });
  return { ...experiment, methods };
}
