// What a reference case ends in: every number of ours beside PyTorch's. Plain data, so that it can
// cross from the process that computes to the one that prints.

/** One number, ours and theirs. */
export interface Comparison {
  /** What it is, as the table groups it: `loss`, `query encoder: norms of parameters`. */
  readonly group: string;
  /** Which of the group: `step 2 layer1.0.conv1.weight[3]`. */
  readonly at: string;
  readonly ours: number;
  readonly theirs: number;
  /** Not below 0. Of images: the mean or largest distance of bytes. */
  readonly difference: number;
  /** Largest difference that is no error. */
  readonly tolerance: number;
  /** The tolerance before it was widened by a jump of a ReLU or a max-pooling; absent where it was not. */
  readonly withoutJump?: number;
}

/** What became of a case. */
export interface CaseResult {
  readonly file: string;
  /** The case in words: `MoCo resnet18, batch 16, ...`. */
  readonly title: string;
  readonly seconds: number;
  readonly comparisons: readonly Comparison[];
  /** What limits what the case can show. */
  readonly notes: readonly string[];
}

/** True where the numbers are near enough; never for NaN. */
export function isWithin({ difference, tolerance }: Comparison): boolean {
  return difference <= tolerance;
}

/** True unless a number of a case is outside its tolerance. */
export function hasPassed({ comparisons }: CaseResult): boolean {
  return comparisons.every(isWithin);
}

/** Compares two numbers. */
export function compare(
  place: Pick<Comparison, 'group' | 'at'>,
  ours: number,
  theirs: number,
  tolerance: number,
): Comparison {
  return { ...place, ours, theirs, difference: Math.abs(ours - theirs), tolerance };
}
