// What an experiment says of its run, beside its recipes.

import type { Json } from '../core/hash.ts';
import type { ResolvedExperiment } from './resolved.ts';

/** Of a validated document. */
export function pickRunSettings(value: {
  [key: string]: Json;
}): Pick<ResolvedExperiment, 'launch' | 'report' | 'tracking'> {
  const { launch, report, tracking } = value;
  // What is null, the schema has refused.
  const settings = {
    launch: launch ?? {},
    report: report ?? {},
    ...(tracking === undefined ? {} : { tracking }),
  };
  return settings as unknown as Pick<ResolvedExperiment, 'launch' | 'report' | 'tracking'>;
}
