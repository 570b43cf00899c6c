// Installs a native engine; a process of its own for `moco engine install`, so that the command line
// never loads an engine's code. Argument: InstallRequest as JSON. Prints problems as a user reads them.

import { createInterface } from 'node:readline/promises';
import { ExitCode } from '../core/exit-code.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { renderProblem } from '../core/render-problem.ts';
import { installTensorflow } from '../engine/tensorflow/install/install-tensorflow.ts';
import { installTorch, isTorchInstalled } from '../engine/torch/install/install-torch.ts';
import type { Setup } from '../engine/torch/install/plan-setup.ts';

interface InstallRequest {
  readonly name: 'torch' | 'tensorflow';
  /** Of the engine tensorflow. */
  readonly gpu?: boolean;
  readonly libtensorflow?: string;
  readonly libtorch?: string;
  readonly force?: boolean;
  /** Run what sets up the machine without asking. */
  readonly yes?: boolean;
  /** Do what needs no question, and where that is not enough, say so and end well. */
  readonly modest?: boolean;
}

const request = JSON.parse(process.argv[2] ?? '{}') as InstallRequest;
const say = (line: string) => void process.stdout.write(`${line}\n`);

try {
  if (!(request.modest && isTorchInstalled())) await install();
} catch (error) {
  if (!(error instanceof ProblemError)) throw error;
  if (request.modest) goOnWithout(error.problems[0]!);
  else {
    process.stderr.write(`${error.problems.map((problem) => renderProblem(problem)).join('\n\n')}\n`);
    process.exitCode = ExitCode.usage;
  }
}

async function install(): Promise<void> {
  const { libtorch, libtensorflow, force } = request;
  if (request.name === 'tensorflow') {
    await installTensorflow({
      env: process.env,
      gpu: request.gpu ?? false,
      ...(libtensorflow ? { libtensorflow } : {}),
      ...(force ? { force } : {}),
      say,
    });
    return;
  }
  await installTorch({
    env: process.env,
    cwd: process.cwd(),
    ...(libtorch ? { libtorch } : {}),
    ...(force ? { force } : {}),
    say,
    mayRun,
  });
}

function goOnWithout({ code, message, hint = '' }: Problem): void {
  say(`The engine torch is not installed, so wasm computes, which takes longer. ${code}: ${message} ${hint}`);
}

async function mayRun({ commands, attempts = [], isModest }: Setup): Promise<boolean> {
  if (request.yes) return true;
  if (request.modest) return isModest;
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const lines = [...commands, ...attempts].map((command) => `  ${command.join(' ')}\n`).join('');
  const answer = await terminal.question(
    `To bring what is missing, these would be run:\n${lines}Run them? [y/N] `,
  );
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
