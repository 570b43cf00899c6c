// Pairs every number of a training step with its counterpart. The same for ours against PyTorch's and for
// two runs of ours.

import type { TrainingCaseStep } from '../config/schema/parity.generated.ts';
import type { Pair } from './tolerance.ts';

/** What our run has after a step, under the names of the reference. */
export interface StepNumbers
  extends Pick<
    TrainingCaseStep,
    | 'lr'
    | 'loss_per_rank'
    | 'loss'
    | 'positive_logits'
    | 'grad_norm'
    | 'query_norms'
    | 'key_norms'
    | 'query_first_values'
    | 'queue_ptr'
    | 'queue_head'
    | 'queue_norm'
  > {
  /** Root mean square of the tensors of `query_first_values`. */
  readonly query_typical: { readonly [name: string]: number };
  /** Largest logit that features of unit length can have: 1 / T. */
  readonly largest_logit: number;
}

/** Relative; the same formula in another order of operations. */
const FLOAT64_ROUNDING = 1e-12;

/** Pairs one step. */
export function pairStep(
  step: number,
  ours: StepNumbers,
  theirs: Omit<StepNumbers, 'query_typical' | 'largest_logit'>,
): Pair[] {
  const pair = (group: string, detail: string, a: number, b: number, scale = Math.abs(b)): Pair => {
    const at = `step ${step}${detail ? ` ${detail}` : ''}`;
    return { group, at, step, ours: a, theirs: b, scale };
  };
  const norms = (encoder: 'query' | 'key') =>
    Object.entries(theirs[`${encoder}_norms`]).map(([name, norm]) => {
      const what = name.includes('running_') ? 'a statistic' : 'a parameter';
      return pair(`${encoder} encoder: norm of ${what}`, name, ours[`${encoder}_norms`][name]!, norm);
    });
  const firstValues = Object.entries(theirs.query_first_values).flatMap(([name, values]) =>
    values.map((value, i) => {
      // One value may be near 0: its rounding is that of its neighbours.
      const scale = Math.abs(value) + ours.query_typical[name]!;
      return pair(
        'query encoder: first values',
        `${name}[${i}]`,
        ours.query_first_values[name]![i]!,
        value,
        scale,
      );
    }),
  );
  return [
    { ...pair('learning rate', '', ours.lr, theirs.lr), exact: FLOAT64_ROUNDING * Math.abs(theirs.lr) },
    pair('loss', '', ours.loss, theirs.loss),
    ...theirs.loss_per_rank.map((value, i) =>
      pair('loss of a rank', `[${i}]`, ours.loss_per_rank[i]!, value),
    ),
    ...theirs.positive_logits.map((value, i) =>
      pair('positive logits', `[${i}]`, ours.positive_logits[i]!, value, ours.largest_logit),
    ),
    pair('gradient norm', '', ours.grad_norm, theirs.grad_norm),
    ...norms('query'),
    ...norms('key'),
    ...firstValues,
    { ...pair('queue pointer', '', ours.queue_ptr, theirs.queue_ptr), exact: 0 },
    // Keys have unit length: rounding is a share of 1.
    ...theirs.queue_head.map((value, i) => pair('queue head', `[${i}]`, ours.queue_head[i]!, value, 1)),
    pair('queue norm', '', ours.queue_norm, theirs.queue_norm),
  ];
}
