// Commands on folders of runs, checkpoints, engines and this machine, with their options.

import { Command, Option } from 'commander';
import type { ExitCode } from '../core/exit-code.ts';
import { DEFAULT_OUT } from '../runs/run-store.ts';
import { engineOption, parsePort } from './command-options.ts';

/** `finish` is told the exit code of the command that ran. */
export function addToolCommands(program: Command, finish: (code: ExitCode) => void): void {
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
