// Two folders of one training, compared bit for bit: every tensor of the newest checkpoint, where it says that it
// stands, and the metrics but for their times.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { listOtherTensors } from '../files/list-tensors.ts';
import { withTensors } from '../files/open-tensors.ts';
import { readMetricsLog, renderWithoutTimes } from './metrics-log.ts';

/** One kind of things, and which of them differ. */
export interface ComparedPart {
  readonly what: string;
  readonly count: number;
  readonly bytes: number;
  /** Names of those that are not the same, or are missing in one. */
  readonly different: readonly string[];
}

const PARTS: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'query encoder: BatchNorm statistics',
    /^module\.encoder_q\..*(running_mean|running_var|num_batches_tracked)$/,
  ],
  ['query encoder: weights', /^module\.encoder_q\./],
  [
    'key encoder: BatchNorm statistics',
    /^module\.encoder_k\..*(running_mean|running_var|num_batches_tracked)$/,
  ],
  ['key encoder: weights', /^module\.encoder_k\./],
  ['queue and its pointer', /^module\.queue/],
  ['classifier', /^module\.fc\./],
  ['frozen backbone', /^module\./],
  ['optimizer: momentum', /^optimizer\./],
  ['best accuracy', /^best_acc1$/],
  ['epoch, batch, meters, warnings', /^position\./],
  ['rows of metrics', /^row /],
];

/** @param file name of the metrics */
export function compareTrainings(expected: string, actual: string, file: string): ComparedPart[] {
  const [a, b] = [readAll(expected, file), readAll(actual, file)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  const isDifferent = (name: string) => !a.get(name)?.equals(b.get(name) ?? Buffer.alloc(0));
  const placed = names.map((name) => ({ name, part: PARTS.find(([, pattern]) => pattern.test(name))?.[0] }));
  const parts = [...PARTS.map(([what]) => what), 'other'];
  return parts.flatMap((what) => {
    const own = placed.filter(({ part = 'other' }) => part === what).map(({ name }) => name);
    const bytes = own.reduce((sum, name) => sum + (a.get(name)?.length ?? 0), 0);
    return own.length === 0 ? [] : [{ what, count: own.length, bytes, different: own.filter(isDifferent) }];
  });
}

/** Everything by its name, as bytes. */
function readAll(folder: string, metricsFile: string): Map<string, Buffer> {
  const all = new Map<string, Buffer>();
  withTensors(findNewest(folder), (source) => {
    for (const [name, tensor] of source.tensors) all.set(name, Buffer.from(tensor.read()));
    for (const [name, tensor] of listOtherTensors(source)) all.set(name, Buffer.from(tensor.read()));
    for (const [name, value] of Object.entries(readPosition(source.content)))
      all.set(`position.${name}`, Buffer.from(JSON.stringify(value)));
  });
  const rows = readMetricsLog(path.join(folder, metricsFile));
  for (const [i, row] of rows.entries()) all.set(`row ${i + 1}`, Buffer.from(renderWithoutTimes([row])));
  return all;
}

/** As they say themselves. Of two after the same step, the one that is no step's. */
function findNewest(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^checkpoint[._].*pth\.tar$/.test(name));
  const steps = new Map(names.map((name) => [name, stepOf(path.join(folder, name))]));
  const [newest] = names.sort().sort((a, b) => steps.get(b)! - steps.get(a)!);
  if (newest === undefined) throw new Error(`A training in ${folder} left no checkpoint.`);
  return path.join(folder, newest);
}

function stepOf(file: string): number {
  const { epoch, batch, batchesPerEpoch } = withTensors(file, ({ content }) => readProgress(content));
  return Number(epoch) * Number(batchesPerEpoch) + Number(batch);
}

/** What a checkpoint says of its training, without times. */
function readPosition(content: unknown): { readonly [name: string]: unknown } {
  const { epochTimeMs: _, ...position } = readProgress(content);
  return position;
}

function readProgress(content: unknown): { readonly [name: string]: unknown } {
  const notes = content instanceof Map ? content.get('mocolab') : undefined;
  const text = notes instanceof Map ? notes.get('progress') : undefined;
  return typeof text === 'string' ? JSON.parse(text) : {};
}
