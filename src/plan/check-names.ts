// Names become folders. Two things of one name, or one that takes the place of a stage of ours,
// would overwrite each other's results.

import type { ResolvedExperiment } from '../config/resolved.ts';
import { type Problem, ProblemError } from '../core/problem.ts';

const STAGE_FOLDERS = ['pretrain', 'extract', 'sanity-check'];
const EXPERIMENT_FOLDERS = ['report'];

/** Throws a ProblemError with every method and evaluation whose folder is taken. */
export function checkNames({ methods, evaluations }: ResolvedExperiment): void {
  const problems = [
    ...findTaken('method', methods, EXPERIMENT_FOLDERS),
    ...findTaken('evaluation', evaluations, STAGE_FOLDERS),
  ];
  if (problems.length > 0) throw new ProblemError(problems);
}

function findTaken(what: string, named: readonly { readonly name: string }[], reserved: readonly string[]) {
  const taken = new Set(reserved);
  const problems: Problem[] = [];
  for (const { name } of named) {
    if (taken.has(name)) problems.push(reportTaken(what, name, reserved));
    taken.add(name);
  }
  return problems;
}

function reportTaken(what: string, name: string, reserved: readonly string[]): Problem {
  const holder = reserved.includes(name) ? 'the program' : `another ${what}`;
  return {
    code: 'PLAN_NAME_TAKEN',
    message: `Expected every ${what} to have a folder of its own but ${holder} already uses "${name}".`,
    hint: `Give the ${what} another name. Reserved: ${reserved.join(', ')}.`,
  };
}
