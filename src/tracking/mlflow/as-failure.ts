// What it means for the following of a run that something was thrown in it.

import { ProblemError } from '../../core/problem.ts';
import { MlflowError } from './client.ts';

/** The disk may be full as well, and files damaged: whatever it is, trainings don't fail for being told. */
export function asFailure(error: unknown, trial: string): Pick<MlflowError, 'kind' | 'problem'> {
  if (error instanceof MlflowError) return error;
  if (error instanceof ProblemError) return { kind: 'refused', problem: error.problems[0]! };
  const problem = {
    code: 'MLFLOW_TRIAL_UNTOLD',
    message: `Expected to tell MLflow of ${trial} but that failed: ${(error as Error).message}.`,
    hint: 'The run and its table have everything. A stage whose files are damaged is run again where its folder is removed.',
  };
  return { kind: 'rejected', problem };
}
