// The command line: every command with its options and examples. What a command does is in a file of its
// own, loaded when it is asked for, so that `moco validate` never loads what only `moco run` needs.

import { readFileSync } from 'node:fs';
import { Command, type CommanderError, InvalidArgumentError, Option } from 'commander';
import { ExitCode } from '../core/exit-code.ts';
import { DEFAULT_OUT } from '../runs/run-store.ts';

/** A wrong command line, already explained on stderr; or help that was asked for. */
export class UsageError extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode) {
    super('usage');
    this.exitCode = exitCode;
  }
}

const STAGE_KINDS = ['pretrain', 'extract', 'sanity-check', 'lincls', 'knn', 'detection', 'report'];

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
  addFileCommands(program, finish);
  addOtherCommands(program, finish);
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

function addFileCommands(program: Command, finish: (code: ExitCode) => void): void {
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
}

function addOtherCommands(program: Command, finish: (code: ExitCode) => void): void {
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
  program
    .command('status')
    .description('show the experiments in a folder of runs and how far they are')
    .argument('[dir]', 'folder of runs, or of one experiment', DEFAULT_OUT)
    .option('--json', 'print JSON')
    .action(async (dir, options) => finish((await import('./status.ts')).status(dir, options)));
  program
    .command('compare')
    .description('show in which settings runs differ, and what each found')
    .argument('<run...>', 'folders of methods, trials or stages; an experiment’s stands for its methods')
    .option('--json', 'print JSON')
    .action(async (runs, options) => finish((await import('./compare.ts')).compare(runs, options)));
  program
    .command('ui')
    .description('show a folder of runs in the browser, live: tables, curves, logs, any runs side by side')
    .argument('[dir]', 'folder of runs, or of one experiment', DEFAULT_OUT)
    .option(
      '--host <address>',
      'where to listen; another than this leaves the runs open to the network',
      '127.0.0.1',
    )
    .option('--port <n>', 'port; 0 takes any that is free', parsePort, 6161)
    .option('--open', 'open the browser')
    .action(async (dir, options) => finish(await (await import('./ui.ts')).ui(dir, options)));
  const data = program.command('data').description('data sets');
  data
    .command('fetch')
    .description('fetch a data set into the cache, and prove it')
    .addArgument(new Command().createArgument('<name>', 'which').choices(['cifar10']))
    .option('--from <dir>', 'take the canonical binary release (data_batch_1.bin ...) in this folder')
    .option('--force', 'fetch again though the cache has it')
    .action(async (_, options) => finish(await (await import('./data-fetch.ts')).fetchData(options)));
  program
    .command('inspect')
    .description('show what is in a checkpoint: whose it is, its network, every tensor')
    .argument('<file>', '.pth.tar, .pth, .safetensors or .pkl, of ours or of others')
    .option('--json', 'print JSON')
    .action(async (file, options) => finish((await import('./inspect.ts')).inspect(file, options)));
  program
    .command('convert')
    .description('write a checkpoint in another form, bit for bit; the new file’s name says which')
    .argument('<in>', 'a file that moco inspect can read')
    .argument(
      '<out>',
      '.pth.tar (MoCo’s checkpoint), .pth or .pt (torchvision), .safetensors or .pkl (Detectron2)',
    )
    .option('--encoder', 'keep the encoder alone, under torchvision’s names')
    .option('--strict', 'name each tensor that is left out, and say why')
    .action(async (from, to, options) =>
      finish((await import('./convert.ts')).convertFile(from, to, options)),
    );
  const engine = program.command('engine').description('engines');
  engine
    .command('install')
    .description('set up a native engine, and prove it')
    .addArgument(new Command().createArgument('<name>', 'which').choices(['torch', 'tensorflow']))
    .option(
      '--libtorch <dir>',
      'torch: folder of libtorch (default: $LIBTORCH, a virtual environment here, else the newest of this machine)',
    )
    .option('--gpu', 'tensorflow: the package for GPUs')
    .addOption(
      new Option(
        '--libtensorflow <path>',
        'tensorflow: an archive or a folder of libtensorflow, or a wheel of tensorflow',
      ).conflicts('fromWheel'),
    )
    .option('--from-wheel', 'tensorflow: the libtensorflow of PyPI’s wheel (the default)')
    .option('--yes', 'torch: bring what is missing without asking: apt-get as root, else pip into the cache')
    .option('--force', 'build though there is a build')
    .option(
      '--modest',
      'as npm run quickstart: at most apt-get as root, and no error where that is not enough',
    )
    .action(async (name, options) =>
      finish(await (await import('./engine-install.ts')).installEngine(name, options)),
    );
  program
    .command('translate')
    .description('print the recipe that says the same as a command line of facebookresearch/moco')
    .argument('<command...>', '"python main_moco.py ...": one text in quotes, or its words behind --')
    .addHelpText(
      'after',
      '\nExample: moco translate "python main_moco.py -a resnet50 --mlp --moco-t 0.2 --aug-plus --cos DIR" > mocov2.yaml',
    )
    .action(async (words) => finish((await import('./translate.ts')).translate(words)));
  program
    .command('parity')
    .description('recompute PyTorch’s reference numbers on this machine, and compare')
    .argument(
      '[case...]',
      'what a script in test/fixtures/parity/generate wrote (default: all shipped cases)',
    )
    .addOption(engineOption())
    .option('--quick', 'without a case: the quickest alone, as a first proof of an engine')
    .option('--verbose', 'every number, not the worst of each group')
    .option('--json', 'print JSON')
    .action(async (files, options) => finish(await (await import('./parity.ts')).parity(files, options)));
  program
    .command('doctor')
    .description('show what this machine can do: engines, devices, memory, disk, data')
    .option('--json', 'print JSON')
    .action(async (options) => finish(await (await import('./doctor.ts')).doctor(options)));
  program
    .command('completion')
    .description('print a completion script: source <(moco completion bash)')
    .addArgument(new Command().createArgument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell) => finish((await import('./completion.ts')).completion(shell, program)));
}

/** Options that change what a file says; the same flags give the same fingerprints. */
function addConfigOptions(command: Command): Command {
  return command
    .option('--set <path=value>', 'change a value, such as optimizer.lr=0.06 (repeatable)', collect, [])
    .option('--trials <n>', 'number of trials', parseCount)
    .option('--engine <name>', 'engine of every stage: auto, torch, tensorflow, wasm or cpu')
    .option('--data <dir>', 'data folder of every stage')
    .option(
      '--devices-per-trial <n>',
      'devices that each training takes together (default: what its recipe says)',
      parseCount,
    )
    .option('--pretrained <file>', 'checkpoint to judge, for a lincls or knn recipe')
    .option('--out <dir>', 'folder of runs', DEFAULT_OUT);
}

function engineOption(): Option {
  return new Option('--engine <name>', 'which engine computes')
    .choices(['auto', 'torch', 'tensorflow', 'wasm', 'cpu'])
    .default('auto');
}

function devicesOption(): Option {
  return new Option(
    '--devices <spec>',
    'auto, cpu, cpu:N, cuda or cuda:I,J (default: what the file says, else auto)',
  );
}

function onlyOption(): Option {
  return new Option(
    '--only <kind>',
    `stages of this kind and what they need (repeatable): ${STAGE_KINDS.join(', ')}`,
  ).argParser((kind: string, before: readonly string[] | undefined) => {
    if (!STAGE_KINDS.includes(kind))
      throw new InvalidArgumentError(`Allowed choices are ${STAGE_KINDS.join(', ')}.`);
    return [...(before ?? []), kind];
  });
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Expected a whole number >= 1.');
  return Number(text);
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
  return Number(text);
}

/** commander has already explained itself. */
function refuse(error: CommanderError): never {
  throw new UsageError(error.exitCode === 0 ? ExitCode.done : ExitCode.usage);
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
