// Installs the torch engine; a process of its own for `moco engine install torch`, so that the command line
// never loads an engine's code. Arguments: [folder of libtorch]. Prints problems as a user reads them.

import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { renderProblem } from '../core/render-problem.ts';
import { installTorch } from '../engine/torch/install-torch.ts';

const [libtorch] = process.argv.slice(2);
try {
  installTorch({
    ...(libtorch ? { libtorch } : {}),
    onProgress: (message) => process.stdout.write(`${message}\n`),
  });
} catch (error) {
  if (!(error instanceof ProblemError)) throw error;
  process.stderr.write(`${error.problems.map((problem) => renderProblem(problem)).join('\n\n')}\n`);
  process.exitCode = ExitCode.usage;
}
