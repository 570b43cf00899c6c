// The linear rule: a learning rate is chosen for a batch, and goes with it (Goyal et al. 2017, arXiv:1706.02677).

/** A learning rate and the batch it was chosen for. */
export interface ChosenRate {
  readonly lr: number;
  readonly batchSize: number;
}

/** What the recipes of the paper have. MoCo v1 §4.1 (arXiv:1911.05722). */
export const PAPER_RATES: { readonly [Kind in 'pretrain' | 'lincls']: ChosenRate } = {
  pretrain: { lr: 0.03, batchSize: 256 },
  lincls: { lr: 30, batchSize: 256 },
};

/** The rate at another batch. Twelve digits: 0.03 * 2 is 0.06. */
export function scaleRate({ lr, batchSize }: ChosenRate, to: number): number {
  return Number(((lr * to) / batchSize).toPrecision(12));
}
