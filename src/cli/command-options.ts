// Options that several commands take, and how their values are read.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_OUT } from '../runs/run-store.ts';

const STAGE_KINDS = ['pretrain', 'extract', 'sanity-check', 'lincls', 'knn', 'detection', 'report'];

/** Options that change what a file says; the same flags give the same fingerprints. */
export function addConfigOptions(command: Command): Command {
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

export function engineOption(): Option {
  return new Option('--engine <name>', 'which engine computes')
    .choices(['auto', 'torch', 'tensorflow', 'wasm', 'cpu'])
    .default('auto');
}

export function devicesOption(): Option {
  return new Option(
    '--devices <spec>',
    'auto, cpu, cpu:N, cuda or cuda:I,J (default: what the file says, else auto)',
  );
}

export function onlyOption(): Option {
  return new Option(
    '--only <kind>',
    `stages of this kind and what they need (repeatable): ${STAGE_KINDS.join(', ')}`,
  ).argParser((kind: string, before: readonly string[] | undefined) => {
    if (!STAGE_KINDS.includes(kind))
      throw new InvalidArgumentError(`Allowed choices are ${STAGE_KINDS.join(', ')}.`);
    return [...(before ?? []), kind];
  });
}

export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Expected a whole number >= 1.');
  return Number(text);
}

export function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
  return Number(text);
}
