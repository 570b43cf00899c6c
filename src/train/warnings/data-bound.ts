// A training that waits for its images more than it computes.

/** Times of a few steps together. */
export interface StepTimes {
  /** Waiting for images. */
  readonly dataTimeMs: number;
  readonly stepTimeMs: number;
}

const INTERVALS = 10;
/** The first steps wait for the loader to start. */
const SKIPPED = 1;
const MOST_DATA = 0.5;

/** @param intervals of this process, earliest first */
export function detectDataBound(intervals: readonly StepTimes[]): string | undefined {
  const recent = intervals.slice(SKIPPED).slice(-INTERVALS);
  if (recent.length < INTERVALS) return undefined;
  const sum = (name: keyof StepTimes) => recent.reduce((total, each) => total + each[name], 0);
  const share = sum('dataTimeMs') / (sum('dataTimeMs') + sum('stepTimeMs'));
  if (!(share > MOST_DATA)) return undefined;
  return `The device waits for images ${Math.round(100 * share)}% of the time. Raise loader.threads, put the images on a faster disk, or make them smaller beforehand.`;
}
