// `moco translate`: a command line of facebookresearch/moco as a recipe.

import { toJson } from '../config/located.ts';
import { parseYaml } from '../config/read-yaml.ts';
import { validateDocument } from '../config/validate.ts';
import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { splitWords } from '../translate/split-words.ts';
import { type Translation, translateWords } from '../translate/translate.ts';

/** Prints the recipe on stdout, and on stderr what it leaves out. One word is a whole command line. */
export function translate(command: readonly string[]): ExitCode {
  const words = command.length === 1 ? splitWords(command[0]!) : command;
  const translation = translateWords(words);
  refuseInvalid(translation);
  process.stdout.write(translation.yaml);
  for (const line of translation.dropped) process.stderr.write(`No counterpart: ${line}\n`);
  return ExitCode.done;
}

/** A value that the script takes may be none of ours, such as another arch. */
function refuseInvalid({ kind, yaml }: Translation): void {
  const { root } = parseYaml({ path: 'translation', text: yaml });
  const problems = validateDocument(kind, toJson(root!), { node: root!, prefix: '' });
  if (problems.length > 0) throw new ProblemError(problems);
}
