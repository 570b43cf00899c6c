// Lists of numbers that agree to rounding.

import { expect } from 'vitest';

/** An assertion that the worst difference, by the largest magnitude expected (at least 1), is below a tolerance. */
export function createExpectClose(usual: number) {
  return (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = usual): void => {
    expect(actual.length).toBe(expected.length);
    const scale = Math.max(1, ...Array.from(expected, Math.abs));
    const worst = Math.max(...Array.from(actual, (value, i) => Math.abs(value - expected[i]!)));
    expect(worst / scale).toBeLessThan(tolerance);
  };
}
