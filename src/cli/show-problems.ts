// Problems and warnings on stderr, in colour where it is a terminal.

import type { Problem } from '../core/problem.ts';
import { renderProblem } from '../core/render-problem.ts';

/** Prints problems, an empty line between them. */
export function showProblems(problems: readonly Problem[]): void {
  const color = process.stderr.isTTY === true && !process.env.NO_COLOR;
  const text = problems.map((problem) => renderProblem(problem, { color })).join('\n\n');
  process.stderr.write(`${text}\n`);
}
