// Catches the problems that a function throws, to compare them whole: message and hint alike.

import { type Problem, ProblemError } from '../../src/core/problem.ts';

/** The problems of the ProblemError that `run` throws. Any other outcome fails the test. */
export function catchProblems(run: () => unknown): readonly Problem[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  throw new Error('Expected a ProblemError, but nothing was thrown.');
}
