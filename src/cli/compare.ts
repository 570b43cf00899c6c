// `moco compare`: in which settings runs differ, and what each found.

import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { compareRuns } from '../report/compare/compare-runs.ts';
import { findRuns } from '../report/compare/find-runs.ts';
import { renderComparison } from '../report/compare/render-comparison.ts';

/** Prints the comparison of at least two runs. Throws RUNS_FOLDER_* and RUNS_TOO_FEW. */
export function compare(folders: readonly string[], { json = false }: { readonly json?: boolean }): ExitCode {
  const runs = findRuns(folders);
  if (runs.length < 2) throw new ProblemError(describeTooFew(runs[0]!.name));
  const comparison = compareRuns(runs);
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : renderComparison(comparison));
  return ExitCode.done;
}

function describeTooFew(name: string) {
  return {
    code: 'RUNS_TOO_FEW',
    message: `Expected at least two runs to compare but received one: ${name}.`,
    hint: 'Give another folder, or the folder of an experiment of several methods.',
  };
}
