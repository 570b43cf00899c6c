// The flags of the command line as overrides of settings, in the order in which they win.

import type { Problem } from '../core/problem.ts';
import type { LoadOptions } from './loading.ts';
import { makeOverride, type Override, parseSet } from './overrides.ts';

/** Every flag of a command as an override; `--set` comes last and wins. */
export function listOverrides(options: LoadOptions, problems: Problem[]): Override[] {
  const flags: [readonly string[], unknown, string][] = [];
  if (options.trials !== undefined) flags.push([['trials'], options.trials, `--trials ${options.trials}`]);
  if (options.engine !== undefined) flags.push([['engine'], options.engine, `--engine ${options.engine}`]);
  if (options.dataRoot !== undefined)
    flags.push([['data', 'root'], options.dataRoot, `--data ${options.dataRoot}`]);
  if (options.devices !== undefined)
    flags.push([['launch', 'devices'], options.devices, `--devices ${options.devices}`]);
  if (options.devicesPerTrial !== undefined)
    flags.push([
      ['launch', 'devicesPerTrial'],
      options.devicesPerTrial,
      `--devices-per-trial ${options.devicesPerTrial}`,
    ]);
  if (options.failureMode !== undefined)
    flags.push([['launch', 'failureMode'], options.failureMode, `--failure-mode ${options.failureMode}`]);
  const sets = (options.set ?? []).flatMap((text) => parseSet(text, problems));
  return [...flags.map(([at, value, text]) => makeOverride(at, value, text)), ...sets];
}
