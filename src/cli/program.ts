// The command line: what all commands have in common. Their options are in experiment-commands and tool-commands; what
// one does is in a file of its own, loaded when it is asked for, so that `moco validate` never loads what only
// `moco run` needs.

import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { ExitCode } from '../core/exit-code.ts';
import { addExperimentCommands } from './experiment-commands.ts';
import { addToolCommands } from './tool-commands.ts';

/** A wrong command line, already explained on stderr; or help that was asked for. */
export class UsageError extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode) {
    super('usage');
    this.exitCode = exitCode;
  }
}

/**
 * Creates the program.
 *
 * @param finish is told the exit code of the command that ran
 */
export function createProgram(finish: (code: ExitCode) => void): Command {
  const program = new Command('moco')
    .description(
      'Reproduces tables of self-supervised learning: from one YAML file to each method’s mean±std over the trials, beside the published value.',
    )
    .version(readVersion(), '-V, --version')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(moco --help lists the commands, moco COMMAND --help its options)')
    .addHelpText('after', PROGRAM_HELP);
  addExperimentCommands(program, finish);
  addToolCommands(program, finish);
  for (const command of [program, ...program.commands.flatMap((each) => [each, ...each.commands])]) {
    command.exitOverride(refuse);
  }
  return program;
}

const PROGRAM_HELP = `
Examples:
  moco validate experiments/*.yaml
  moco plan experiments/quickstart.yaml
  moco run experiments/quickstart.yaml --set methods.mocov2.moco.temperature=0.1
  moco run configs/mocov2.yaml --data /data/imagenet
  moco run configs/lincls.yaml --data /data/imagenet --pretrained runs/mocov2/mocov2/trial-1/pretrain/checkpoint_0199.pth.tar
  moco report experiments/quickstart.yaml --format md

Exit codes:
  0 done   1 a stage failed   2 config or usage   70 a bug   75 stopped by SIGTERM or SIGUSR1: run again   130 interrupted`;

/** commander has already explained itself. */
function refuse(error: CommanderError): never {
  throw new UsageError(error.exitCode === 0 ? ExitCode.done : ExitCode.usage);
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
