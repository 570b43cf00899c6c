// `moco validate`: all problems of all files.

import { loadConfig } from '../config/load-config.ts';
import { ExitCode } from '../core/exit-code.ts';
import { showProblems } from './show-problems.ts';

/** Shows the problems; names the files that have none. */
export function validate(files: readonly string[], { set }: { readonly set: readonly string[] }): ExitCode {
  const valid = files.map((file) => validateFile(file, set));
  return valid.every(Boolean) ? ExitCode.done : ExitCode.usage;
}

function validateFile(file: string, set: readonly string[]): boolean {
  // Which encoder is judged is the command line's to say; that a recipe leaves it open is no fault of the file.
  const { problems, warnings } = loadConfig({ file, set, env: process.env, pretrained: 'any' });
  if (problems.length + warnings.length > 0) showProblems([...problems, ...warnings]);
  if (problems.length > 0) {
    process.stderr.write(`\n${file}: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}\n`);
    return false;
  }
  process.stdout.write(`${file}: valid\n`);
  return true;
}
