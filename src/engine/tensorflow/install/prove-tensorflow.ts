// Proves a fresh install of the engine tensorflow, and asks what it runs on.

import { locateScript } from '../../../core/own-script.ts';
import { ProblemError } from '../../../core/problem.ts';
import { type Comparison, listWrong, nameErrors, runProof } from '../../install/run-proof.ts';
import type { InstalledPackage } from '../find-package.ts';
import { reportUnproven } from './problems.ts';

export interface TensorflowFacts {
  /** Its version. */
  readonly libtensorflow: string;
  readonly device: string;
}

/** Throws TENSORFLOW_UNPROVEN where it does not load, crashes, or computes wrongly. */
export async function proveTensorflow(
  installed: InstalledPackage,
  env: NodeJS.ProcessEnv,
): Promise<Comparison & TensorflowFacts> {
  const child = locateScript(import.meta.url, './prove-child');
  const proof = await runProof<TensorflowFacts>(child, installed, env);
  if (proof.state !== 'compared') throw new ProblemError(reportUnproven(proof.message));
  const wrong = listWrong(proof);
  if (wrong.length > 0) throw new ProblemError(reportUnproven(`these are not: ${nameErrors(wrong)}`));
  return proof;
}
