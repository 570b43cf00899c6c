// Proves a fresh build of the addon.

import { locateScript } from '../../../core/own-script.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { Check } from '../../check-engine.ts';
import { listWrong, nameErrors, runProof } from '../../install/run-proof.ts';
import type { InstalledAddon } from '../addon-file.ts';
import { explainLoadFailure } from '../explain-load-failure.ts';

/** Throws TORCH_ADDON_BROKEN where it does not load or crashes, TORCH_WRONG_NUMBERS where it computes wrongly. */
export async function proveEngine(
  installed: InstalledAddon,
  env: NodeJS.ProcessEnv,
): Promise<readonly Check[]> {
  const proof = await runProof(locateScript(import.meta.url, './prove-child'), installed, env);
  if (proof.state !== 'compared') {
    const fact = proof.state === 'failed' ? explainLoadFailure(proof.message) : proof.message;
    throw new ProblemError(reportBroken(installed, fact));
  }
  refuseWrong(proof.checks, proof.tolerance);
  return proof.checks;
}

/** Throws TORCH_WRONG_NUMBERS. */
export function refuseWrong(checks: readonly Check[], tolerance: number): void {
  const wrong = listWrong({ checks, tolerance });
  if (wrong.length > 0) throw new ProblemError(reportWrong(wrong, tolerance));
}

function reportBroken({ libtorch }: InstalledAddon, fact: string) {
  return {
    code: 'TORCH_ADDON_BROKEN',
    message: `Expected the addon to load and to compute with the libtorch in ${libtorch} but ${fact}.`,
    hint: 'Take another libtorch with --libtorch, or build again with `moco engine install torch --force`.',
  };
}

function reportWrong(wrong: readonly Check[], tolerance: number) {
  return {
    code: 'TORCH_WRONG_NUMBERS',
    message: `Expected every operation to be within ${tolerance} of float64 loops but the addon misses: ${nameErrors(wrong)}.`,
    hint: 'Take another libtorch with --libtorch, and please report this with the output of `moco doctor`.',
  };
}
