// Proves an engine on this machine: every named operation, forward and backward, against float64 loops, on
// shapes that take the vectorised paths and their remainders. Seconds, no data, no fixtures.

import { stream } from '../core/rng.ts';
import type { Comparison, Draw } from './checks/check.ts';
import { checkCrossEntropy, checkInfoNce } from './checks/losses.ts';
import { checkBatchNorm, checkConv, checkLinear, checkMaxPool } from './checks/network.ts';
import { checkMomentumUpdate, checkSgdStep, checkUpdateQueue } from './checks/updates.ts';
import type { Engine } from './engine.ts';

/** How far an operation is from the loops: the largest difference over the largest value. */
export interface Check {
  readonly name: string;
  readonly error: number;
}

/** About ten times the noise of float32 over sums of this length. */
export const TOLERANCE = 2e-5;

/** Runs all checks. Leaves no tensors. */
export function checkEngine(engine: Engine): Check[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    error: Math.max(...check(engine, createDraws(name)).map(compare)),
  }));
}

/** NaN counts as infinitely far. */
function compare({ actual, expected }: Comparison): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [scale, worst] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const difference = Math.abs(actual[i]! - expected[i]!);
    worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
  }
  return worst / scale;
}

function createDraws(name: string): Draw {
  const rng = stream(1, 'check-engine', name);
  return (...shape) => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal());
}

type NamedCheck = (engine: Engine, draw: Draw) => readonly Comparison[];

const checks: { readonly [name: string]: NamedCheck } = {
  conv2d: (engine, draw) => checkConv(engine, draw, { stride: 2, padding: 1 }),
  'conv2d 1x1': (engine, draw) => checkConv(engine, draw, { stride: 1, padding: 0 }),
  maxPool: checkMaxPool,
  batchNorm: (engine, draw) => checkBatchNorm(engine, draw, { splits: 1, relu: true }),
  'batchNorm of splits': (engine, draw) => checkBatchNorm(engine, draw, { splits: 2, relu: false }),
  linear: checkLinear,
  softmaxCrossEntropy: checkCrossEntropy,
  infoNce: checkInfoNce,
  sgdStep: checkSgdStep,
  momentumUpdate: checkMomentumUpdate,
  updateQueue: checkUpdateQueue,
};
