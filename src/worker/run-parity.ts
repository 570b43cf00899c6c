// Computes reference cases; a process of its own for `moco parity`, because the command line itself never
// loads TensorFlow. Arguments: engine, case files. Sends each result to its parent, shows progress on
// stderr, and prints problems as a user reads them.

import path from 'node:path';
import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { renderProblem } from '../core/render-problem.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { ConcreteEngineName } from '../engine/engine.ts';
import type { ParityMessage } from '../parity/parity-message.ts';
import { runCase } from '../parity/run-case.ts';

const [engineName, ...files] = process.argv.slice(2) as [ConcreteEngineName | 'auto', ...string[]];
try {
  const engine = await createEngine(engineName);
  await send({ type: 'engine', description: { name: engine.name, ...engine.description } });
  for (const [i, file] of files.entries()) {
    const show = (message: string) =>
      showProgress(`${i + 1}/${files.length} ${path.basename(file)} on ${engine.name}: ${message}`);
    await send({ type: 'case', result: await runCase(engine, file, show) });
  }
  showProgress('');
} catch (error) {
  showProgress('');
  if (!(error instanceof ProblemError)) throw error;
  process.stderr.write(`${error.problems.map((problem) => renderProblem(problem)).join('\n\n')}\n`);
  process.exitCode = ExitCode.usage;
} finally {
  process.disconnect?.();
}

function send(message: ParityMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}

/** One line that is written over on a terminal, a line each elsewhere. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}
