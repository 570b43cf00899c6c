// Commands that take an experiment or a recipe, with their options.

import { type Command, Option } from 'commander';
import type { ExitCode } from '../core/exit-code.ts';
import { addConfigOptions, collect, devicesOption, onlyOption, parseCount } from './command-options.ts';

/** `finish` is told the exit code of the command that ran. */
export function addExperimentCommands(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command('validate')
    .description('show all problems of files at once, each with its place, excerpt and hint')
    .argument('<file...>', 'experiments or recipes (YAML)')
    .option('--set <path=value>', 'change a value, as in moco run (repeatable)', collect, [])
    .action(async (files, options) => finish((await import('./validate.ts')).validate(files, options)));
  addConfigOptions(
    program
      .command('plan')
      .description('show the compiled graph: what would run, why, and what it would take')
      .argument('<file>', 'an experiment or a recipe (YAML)'),
  )
    .addOption(
      new Option('--format <format>', 'how to show it').choices(['tree', 'mermaid', 'json']).default('tree'),
    )
    .addOption(onlyOption())
    .addOption(devicesOption())
    .action(async (file, options) => finish((await import('./plan.ts')).plan(file, options)));
  addConfigOptions(
    program
      .command('run')
      .description('run what is not up to date, and print the table')
      .argument('<file>', 'an experiment, or a recipe alone (YAML)'),
  )
    .addOption(onlyOption())
    .addOption(devicesOption())
    .addOption(
      new Option('--failure-mode <mode>', 'what becomes of the others when a stage fails').choices([
        'continue',
        'no-new',
        'kill',
      ]),
    )
    .option('--retry-failed', 'run only what failed last time, and what waits for that')
    .option('--json', 'print events, one JSON object a line')
    .option('--dry-run', 'print the plan and run nothing')
    .action(async (file, options) => finish(await (await import('./run.ts')).run(file, options)));
  addConfigOptions(
    program
      .command('worker')
      .description(
        'run one rank of a training that srun, torchrun --no_python or a PyTorchJob starts on several machines',
      )
      .argument('<file>', 'an experiment, or a recipe alone (YAML); the same for all ranks'),
  )
    .addOption(
      new Option(
        '--rendezvous <how>',
        'where the ranks meet: env reads MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE',
      )
        .choices(['env'])
        .default('env'),
    )
    .option('--stage <id>', 'such as mocov2/trial-1/pretrain (default: the only one with as many devices)')
    .addOption(devicesOption())
    .action(async (file, options) => finish(await (await import('./worker.ts')).worker(file, options)));
  addConfigOptions(
    program
      .command('report')
      .description(
        'print the table from what is on disk, at any time, and write report.html and its like beside the runs',
      )
      .argument('<file>', 'an experiment (YAML)'),
  )
    .addOption(
      new Option('--format <format>', 'print this form and write nothing').choices([
        'md',
        'tex',
        'json',
        'csv',
      ]),
    )
    .option('--open', 'show report.html in the browser')
    .action(async (file, options) => finish(await (await import('./report.ts')).report(file, options)));
  addConfigOptions(
    program
      .command('config')
      .description('print the resolved file, and where each value came from')
      .argument('<file>', 'an experiment or a recipe (YAML)'),
  ).action(async (file, options) => finish((await import('./config.ts')).config(file, options)));
  addConfigOptions(
    program
      .command('verify-resume')
      .description('prove that a training that is killed and goes on ends with the same bits')
      .argument('<file>', 'an experiment or a recipe (YAML)'),
  )
    .option('--steps <n>', 'how many steps to train', parseCount, 30)
    .option('--kills <n>', 'how many times to kill it', parseCount, 3)
    .option('--method <name>', 'whose training (default: the first)')
    .option('--evaluation <name>', 'a linear classification instead of the pre-training')
    .option('--devices <spec>', 'as in moco run')
    .option('--seed <n>', 'of the moments of the kills (default: another one each time)', parseCount)
    .action(async (file, options) =>
      finish(await (await import('./verify-resume.ts')).verifyResume(file, options)),
    );
}
