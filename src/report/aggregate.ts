// Statistics over trials, and how they are rounded. The paper prints the population standard
// deviation: 67.5±0.1 is that of {67.7, 67.6, 67.4, 67.6, 67.3} (0.147); the sample's would be 0.164.

/** What is said about the trials of one cell. */
export interface Aggregate {
  readonly mean: number;
  /** Divides by n. What the table prints. */
  readonly populationStd: number;
  /** Divides by n - 1; null for a single trial. */
  readonly sampleStd: number | null;
}

/** Aggregates at least one value. */
export function aggregate(values: readonly number[]): Aggregate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    populationStd: Math.sqrt(squares / values.length),
    sampleStd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null,
  };
}

/**
 * Rounds to one decimal, halves away from zero, as one rounds on paper: 67.25 gives 67.3, and so
 * does a mean that is 67.25 but for the noise of binary fractions.
 */
export function formatTenths(value: number): string {
  const tenths = Math.round(Number((Math.abs(value) * 10).toPrecision(12)));
  const sign = value < 0 && tenths > 0 ? '-' : '';
  return `${sign}${(tenths / 10).toFixed(1)}`;
}

/** Rounds a difference to one decimal, with its sign. */
export function formatDifference(value: number): string {
  const text = formatTenths(value);
  return value > 0 && text !== '0.0' ? `+${text}` : text;
}
