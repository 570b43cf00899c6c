// Which way every ReLU and every max-pooling of a run goes. Where a value lies within rounding of the turning
// point, two correct float32 runs go different ways, and their gradients differ by far more than rounding: a
// discontinuity, which this makes visible.

import type { Collectives } from '../engine/collectives/collectives.ts';
import type { Engine, EngineOps } from '../engine/engine.ts';
import type * as tf from '../engine/tf.ts';

/** The decisions of one operation: a bit each for ReLUs, the place of the winner for max-pooling. */
interface Decisions {
  readonly bits: boolean;
  readonly values: Uint8Array;
  readonly count: number;
}

/** An engine that writes down the decisions of what it computes, and how to read them. */
export interface WatchedEngine {
  readonly engine: Engine;
  /** Names the weights of the linear layers that a ReLU follows. */
  watchHidden(weights: readonly tf.Variable[]): void;
  /** All decisions since the last call. */
  take(): readonly Decisions[];
}

/** Wraps an engine. Its numbers stay the same; it waits for each layer. */
export function watchDecisions(engine: Engine): WatchedEngine {
  let seen: Decisions[] = [];
  const hidden = new Set<unknown>();
  const { batchNormTraining, maxPool, linear } = engine.ops;
  const ops: EngineOps = {
    ...engine.ops,
    batchNormTraining: (x, options) => {
      const result = batchNormTraining(x, options);
      if (options.relu) seen.push(readSigns(result.y));
      return result;
    },
    maxPool: (x, options) => {
      const y = maxPool(x, options);
      seen.push(findWinners(x, y, options));
      return y;
    },
    linear: (x, weight, bias) => {
      const y = linear(x, weight, bias);
      if (hidden.has(weight)) seen.push(readSigns(y));
      return y;
    },
  };
  return {
    engine: { ...engine, ops },
    watchHidden: (weights) => {
      for (const weight of weights) hidden.add(weight);
    },
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
  };
}

/** The decisions of all ranks, rank 0's first. */
export async function gatherDecisions(
  collectives: Collectives,
  own: readonly Decisions[],
): Promise<readonly Decisions[]> {
  if (collectives.ranks === 1) return own;
  const texts = own.map(({ values, ...rest }) => ({
    ...rest,
    values: Buffer.from(values).toString('base64'),
  }));
  const all = await collectives.gatherValues(texts);
  return all.flat().map(({ values, ...rest }) => ({ ...rest, values: Buffer.from(values, 'base64') }));
}

/** How many decisions there are, and how many of them two runs take otherwise. */
export function countTurned(
  a: readonly Decisions[],
  b: readonly Decisions[],
): { readonly turned: number; readonly count: number } {
  const turned = a.reduce((sum, each, i) => sum + countDifferent(each, b[i]!), 0);
  return { turned, count: a.reduce((sum, { count }) => sum + count, 0) };
}

function countDifferent({ bits, values }: Decisions, other: Decisions): number {
  let different = 0;
  for (const [i, value] of values.entries()) {
    let bit = value ^ other.values[i]!;
    if (!bits) different += bit === 0 ? 0 : 1;
    else for (; bit !== 0; bit &= bit - 1) different++;
  }
  return different;
}

function readSigns(y: tf.Tensor): Decisions {
  const read = y.dataSync();
  const values = new Uint8Array(Math.ceil(read.length / 8));
  for (let i = 0; i < read.length; i++) if (read[i]! > 0) values[i >> 3] = values[i >> 3]! | (1 << (i & 7));
  return { bits: true, values, count: read.length };
}

/** Per output value, which pixel of its window it is: the first of that value. */
function findWinners(
  x: tf.Tensor4D,
  y: tf.Tensor4D,
  { size, stride, padding }: Parameters<EngineOps['maxPool']>[1],
): Decisions {
  const [, height, width, channels] = x.shape;
  const [, rows, columns] = y.shape;
  const [from, largest] = [x.dataSync(), y.dataSync()];
  const values = new Uint8Array(largest.length);
  for (let i = 0; i < largest.length; i++) {
    const channel = i % channels;
    const pixel = Math.floor(i / channels);
    const left = (pixel % columns) * stride - padding;
    const top = (Math.floor(pixel / columns) % rows) * stride - padding;
    const image = Math.floor(pixel / (columns * rows));
    values[i] = findFirst(size, (ky, kx) => {
      const [row, column] = [top + ky, left + kx];
      if (row < 0 || row >= height || column < 0 || column >= width) return false;
      return from[((image * height + row) * width + column) * channels + channel] === largest[i];
    });
  }
  return { bits: false, values, count: values.length };
}

/** The first place of a square, row by row, of which `holds` is true. */
function findFirst(size: number, holds: (row: number, column: number) => boolean): number {
  for (let place = 0; place < size * size; place++)
    if (holds(Math.floor(place / size), place % size)) return place;
  return size * size;
}
