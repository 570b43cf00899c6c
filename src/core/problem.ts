// One shape for everything that can go wrong because of what the user gave us.
// Config and plan return lists of problems; everything else throws a ProblemError.
// A bug of ours is a plain Error and ends with exit code 70.

import type { SourceLocation } from './source-location.ts';

/** Something the user can mend. Codes are stable; one test pins the whole text of each. */
export interface Problem {
  /** `LAYER_WHAT`, for example `CONFIG_OUT_OF_RANGE`. */
  readonly code: string;
  /** The rule, then the fact, with value and type. */
  readonly message: string;
  /** What to do: the nearest key, the allowed range, the paper's value, a command. */
  readonly hint?: string;
  readonly where?: SourceLocation;
  readonly related?: readonly RelatedPlace[];
}

/** A second place that belongs to a problem, such as the other end of an `extends` cycle. */
export interface RelatedPlace {
  readonly message: string;
  readonly where: SourceLocation;
}

/** Carries problems up to `main.ts`, which prints them and picks the exit code. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list: readonly Problem[] = 'code' in problems ? [problems] : problems;
    super(list.map((problem) => `${problem.code}: ${problem.message}`).join('\n'));
    this.problems = list;
  }
}

/** The problems of the ProblemError that a check throws; none where it passes. */
export function collectProblems(check: () => unknown): readonly Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}
