// Batch sizes that would fit where memory ran out, from what the stage had used. All of it is taken to grow with
// the batch, though weights do not, so that what is named fits.

import type { Stage } from '../plan/stage-graph.ts';
import { isOfMemory } from './failure-policy.ts';
import type { StageProblem } from './protocol.ts';

export interface MemoryMeasured {
  /** At its highest, as far as it was told. */
  readonly peakBytes: number;
  /** What the stage may use. */
  readonly limitBytes: number;
}

/** Of what is there, a share stays free: for the system, and for what else grows. */
const USABLE = 0.9;

/** Adds to the hint of a problem of memory which batch sizes would fit. */
export function hintAtBatchSizes(
  problem: StageProblem,
  { config }: Stage,
  measured: MemoryMeasured | undefined,
): StageProblem {
  if (!isOfMemory(problem) || !('recipe' in config) || !('batchSize' in config.recipe)) return problem;
  const { batchSize } = config.recipe;
  const found = readDeviceMemory(problem.message) ?? measured;
  const sizes = suggestBatchSizes(batchSize, found);
  if (sizes.length === 0) return problem;
  const used = found
    ? `, estimated from the ${formatGb(found.peakBytes)} GB that batch ${batchSize} took`
    : '';
  return {
    ...problem,
    hint: `Batch sizes that would fit: ${sizes.join(', ')}${used}. Scale optimizer.lr with it.`,
  };
}

/** Halves of a batch size that fit: whatever the batch size divided, they divide too. The two largest. */
export function suggestBatchSizes(batchSize: number, measured: MemoryMeasured | undefined): number[] {
  const share = measured ? Math.min(1, (USABLE * measured.limitBytes) / measured.peakBytes) : 1;
  const sizes: number[] = [];
  for (let size = batchSize / 2; Number.isInteger(size) && size >= 2 && sizes.length < 2; size /= 2)
    if (size <= batchSize * share) sizes.push(size);
  return sizes;
}

/** CUDA's allocator says what it has, what is taken, and what more was wanted. */
function readDeviceMemory(message: string): MemoryMeasured | undefined {
  const read = (pattern: RegExp) => {
    const [, amount, unit] = pattern.exec(message) ?? [];
    return amount === undefined ? undefined : Number(amount) * 2 ** (unit === 'G' ? 30 : 20);
  };
  const wanted = read(/Tried to allocate ([\d.]+) ([GM])iB/);
  const limitBytes =
    read(/total capacity(?: of)? ([\d.]+) ([GM])iB/) ?? read(/([\d.]+) ([GM])iB total capacity/);
  const taken = read(/([\d.]+) ([GM])iB (?:already allocated|is allocated by PyTorch)/);
  if (wanted === undefined || limitBytes === undefined || taken === undefined) return undefined;
  return { peakBytes: taken + wanted, limitBytes };
}

function formatGb(bytes: number): string {
  return (bytes / 1e9).toFixed(1);
}
