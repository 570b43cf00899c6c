#!/usr/bin/env node
// argv -> command -> exit code.

import { createProgram, UsageError } from './cli/program.ts';
import { showProblems } from './cli/show-problems.ts';
import { ExitCode } from './core/exit-code.ts';
import { ProblemError } from './core/problem.ts';

/** A reader that closes early, as `moco plan | head` does, is no error. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.done);
  throw error;
});

process.exitCode = await run(process.argv);

async function run(argv: readonly string[]): Promise<ExitCode> {
  const result: { code: ExitCode } = { code: ExitCode.done };
  const program = createProgram((code) => {
    result.code = code;
  });
  try {
    await program.parseAsync(argv);
    return result.code;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): ExitCode {
  if (error instanceof UsageError) return error.exitCode;
  if (error instanceof ProblemError) {
    showProblems(error.problems);
    return ExitCode.usage;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`This is a bug in mocolab. Please report it with the lines below.\n\n${stack}\n`);
  return ExitCode.bug;
}
