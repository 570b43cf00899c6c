// What `tracking` may not say: who one is. It would stand in every config.yaml.

import type { Problem } from '../core/problem.ts';
import type { ResolvedExperiment } from './resolved.ts';

/** An address without a user in it. The problem does not repeat what it says, nor where: an excerpt would. */
export function checkTracking({ tracking }: Pick<ResolvedExperiment, 'tracking'>): Problem[] {
  const uri = tracking?.mlflow?.uri;
  // What is no address, the schema has refused.
  if (typeof uri !== 'string' || !URL.canParse(uri)) return [];
  const { username, password, host } = new URL(uri);
  if (username === '' && password === '') return [];
  return [
    {
      code: 'CONFIG_SECRET',
      message: `Expected an address for tracking.mlflow.uri but that of ${host} has a user or a password in it.`,
      hint: 'The resolved settings are written to every run: give those as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.',
    },
  ];
}
