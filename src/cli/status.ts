// `moco status`: the experiments below a folder and how far they are.

import { ExitCode } from '../core/exit-code.ts';
import { collectStatus, type ExperimentStatus } from '../runs/collect-status.ts';

/** Prints a few lines for each experiment. */
export function status(folder: string, { json = false }: { readonly json?: boolean }): ExitCode {
  const experiments = collectStatus(folder);
  if (json) process.stdout.write(`${JSON.stringify(experiments, null, 2)}\n`);
  else if (experiments.length === 0) process.stdout.write(`No experiments in ${folder}.\n`);
  else process.stdout.write(experiments.map(renderExperiment).join('\n'));
  return ExitCode.done;
}

function renderExperiment({ name, stages, running, failed, runner, changedAt }: ExperimentStatus): string {
  const counts = Object.entries(stages).filter(([, count]) => count > 0);
  const lines = [
    `${name}: ${counts.map(([state, count]) => `${count} ${state}`).join(', ') || 'nothing yet'}`,
    runner
      ? `  run by pid ${runner.pid} on ${runner.host} since ${runner.since}: ${runner.command}`
      : '  nobody runs it',
    ...running.map((id) => `  running  ${id}`),
    ...failed.map(({ id, code }) => `  failed   ${id}  ${code}`),
    ...(changedAt ? [`  last change ${changedAt}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
