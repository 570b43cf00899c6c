// `moco parity`: PyTorch's reference numbers, recomputed on this machine.

import { ExitCode } from '../core/exit-code.ts';
import { collectProblems, ProblemError } from '../core/problem.ts';
import { hasPassed, isWithin } from '../parity/comparison.ts';
import type { ParityMessage } from '../parity/parity-message.ts';
import { readCase } from '../parity/read-case.ts';
import { renderCase, renderEngine, renderSummary } from '../parity/render-results.ts';
import { computeParity, type ParityRun, QUICK_CASE, SHIPPED_CASES } from './compute-parity.ts';

export interface ParityOptions {
  readonly engine: string;
  /** The quickest training case alone. */
  readonly quick?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Computes the cases, or all shipped ones, and prints the tables. Throws PARITY_* and CONFIG_* problems of the files. */
export async function parity(files: readonly string[], options: ParityOptions): Promise<ExitCode> {
  refuseBadCases(files);
  const { engine, quick = false, json = false, verbose = false } = options;
  const shipped = quick ? [QUICK_CASE] : SHIPPED_CASES;
  const show = (message: ParityMessage) => {
    if (json) return;
    const text =
      message.type === 'engine' ? renderEngine(message.description) : renderCase(message.result, { verbose });
    process.stdout.write(`${text}\n\n`);
  };
  const run = await computeParity(engine, files.length > 0 ? files : shipped, show);
  if (json) process.stdout.write(`${JSON.stringify(toJson(run), null, 2)}\n`);
  else if (run.results.length > 0) process.stdout.write(`${renderSummary(run.results)}\n`);
  if (run.code !== ExitCode.done) return run.code;
  return run.results.every(hasPassed) ? ExitCode.done : ExitCode.stageFailed;
}

/** All files are read before any is computed. */
function refuseBadCases(files: readonly string[]): void {
  const problems = files.flatMap((file) => collectProblems(() => readCase(file)));
  if (problems.length > 0) throw new ProblemError(problems);
}

/** Numbers that are none (NaN, infinite) as text. */
function toJson({ engine, results }: ParityRun) {
  const number = (value: number) => (Number.isFinite(value) ? value : String(value));
  return {
    engine,
    within: results.every(hasPassed),
    cases: results.map((result) => ({
      ...result,
      within: hasPassed(result),
      comparisons: result.comparisons.map((comparison) => ({
        ...comparison,
        ours: number(comparison.ours),
        theirs: number(comparison.theirs),
        difference: number(comparison.difference),
        tolerance: number(comparison.tolerance),
        within: isWithin(comparison),
      })),
    })),
  };
}
