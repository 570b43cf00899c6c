// The flags of facebookresearch/moco's main_moco.py and main_lincls.py: how each is parsed, and what it
// is here. Defaults are the scripts' own.

import type { ArgType, ArgValue, FlagSpec } from './parse-args.ts';

/** Says what a flag of the original becomes: a setting, or words on what takes its place. */
export interface ScriptFlag extends FlagSpec {
  /** Path of the setting it sets; absent where there is none. */
  readonly setting?: string;
  readonly default?: ArgValue;
  /** Where it has no setting: what there is instead. */
  readonly instead?: string;
}

export interface Script {
  readonly name: 'main_moco.py' | 'main_lincls.py';
  readonly flags: readonly ScriptFlag[];
}

const DEVICES =
  'devices says how many GPUs, moco run --devices which; workers and their rendezvous are its own affair';

function flag(names: string, type: ArgType, rest: Omit<ScriptFlag, keyof FlagSpec> = {}): ScriptFlag {
  return { names: names.split(' '), type, ...rest };
}

/** What both scripts have. */
function commonFlags(defaults: {
  readonly epochs: number;
  readonly lr: number;
  readonly schedule: readonly number[];
  readonly wd: number;
}): ScriptFlag[] {
  return [
    flag('--arch -a', 'text', { setting: 'model.arch', default: 'resnet50' }),
    flag('--workers -j', 'int', { setting: 'loader.threads' }),
    flag('--epochs', 'int', { setting: 'epochs', default: defaults.epochs }),
    flag('--start-epoch', 'int', { instead: 'moco run goes on from its last checkpoint by itself' }),
    flag('--batch-size -b', 'int', { setting: 'batchSize', default: 256 }),
    flag('--learning-rate --lr', 'float', { setting: 'optimizer.lr', default: defaults.lr }),
    flag('--schedule', 'ints', { setting: 'schedule.milestones', default: defaults.schedule }),
    flag('--momentum', 'float', { setting: 'optimizer.momentum', default: 0.9 }),
    flag('--weight-decay --wd', 'float', { setting: 'optimizer.weightDecay', default: defaults.wd }),
    flag('--print-freq -p', 'int', {
      instead: 'moco run shows progress as it comes, and metrics.jsonl keeps it',
    }),
    flag('--resume', 'text', { instead: 'moco run goes on from its last checkpoint by itself' }),
    flag('--world-size', 'int', { instead: DEVICES }),
    flag('--rank', 'int', { instead: DEVICES }),
    flag('--dist-url', 'text', { instead: DEVICES }),
    flag('--dist-backend', 'text', { instead: DEVICES }),
    flag('--seed', 'int', {
      instead: 'the seed is the experiment’s; every run is seeded, with 0 where nothing is said',
    }),
    flag('--gpu', 'int', { instead: 'devices: 1, and moco run --devices cuda:N' }),
    flag('--multiprocessing-distributed', 'switch', { instead: DEVICES }),
  ];
}

export const scripts: readonly Script[] = [
  {
    name: 'main_moco.py',
    flags: [
      ...commonFlags({ epochs: 200, lr: 0.03, schedule: [120, 160], wd: 1e-4 }),
      flag('--moco-dim', 'int', { setting: 'moco.dim', default: 128 }),
      flag('--moco-k', 'int', { setting: 'moco.queueSize', default: 65536 }),
      flag('--moco-m', 'float', { setting: 'moco.keyMomentum', default: 0.999 }),
      flag('--moco-t', 'float', { setting: 'moco.temperature', default: 0.07 }),
      flag('--mlp', 'switch', { setting: 'moco.mlp' }),
      flag('--aug-plus', 'switch', { setting: 'augment' }),
      flag('--cos', 'switch', { setting: 'schedule.policy' }),
    ],
  },
  {
    name: 'main_lincls.py',
    flags: [
      ...commonFlags({ epochs: 100, lr: 30, schedule: [60, 80], wd: 0 }),
      flag('--evaluate -e', 'switch', {
        instead: 'moco run validates after every epoch, and moco report prints what it found',
      }),
      flag('--pretrained', 'text', { setting: 'pretrained' }),
    ],
  },
];
