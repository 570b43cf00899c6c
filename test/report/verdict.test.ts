import { expect, test } from 'vitest';
import { judge } from '../../src/report/verdict.ts';

const V1 = [60.6, 60.6, 60.7, 60.9, 61.1];
const V2 = [67.7, 67.6, 67.4, 67.6, 67.3];
const given = { margin: 0.5, alpha: 0.05, interim: false };
const published = { mean: 67.5, std: 0.1, trials: V2, source: 'README' };

test.each([
  ['v1', V1, { mean: 60.8, std: 0.2, trials: V1, source: 'README' }],
  ['v2', V2, published],
])('the published trials of %s reproduce their own row', (_, trials, row) => {
  expect(judge(trials, row, given)).toMatchObject({ verdict: 'reproduced', test: { test: 'welch' } });
});

test('equivalence within the margin is reproduced, and the reason has interval, test and p', () => {
  const { verdict, reason, test: found } = judge([67.4, 67.6, 67.5, 67.7], published, given);
  expect(verdict).toBe('reproduced');
  expect(reason).toBe(
    'the difference is -0.16 to +0.22 points with 90 % confidence, within ±0.5 (TOST by Welch against 5 published trials, df 7, p < 0.001).',
  );
  expect(found!.interval[1]).toBeLessThan(0.5);
});

test('a significant difference beyond the margin is not reproduced, in either direction', () => {
  const { verdict, reason } = judge([66.5, 66.6, 66.3, 66.7, 66.4], published, given);
  expect(verdict).toBe('not reproduced');
  expect(reason).toBe(
    'the difference is -1.21 to -0.83 points with 90 % confidence, more than 0.5 below (one-sided t-test by Welch against 5 published trials, df 8, p < 0.001).',
  );
  expect(judge([70.1, 70, 70.3], published, given).reason).toContain('more than 0.5 above');
});

test('a difference that is significant but within the margin is reproduced: it would not matter', () => {
  const trials = [67.3, 67.31, 67.29, 67.3, 67.3];
  expect(judge(trials, { mean: 67.5, source: 'x' }, given)).toMatchObject({ verdict: 'reproduced' });
});

test('trials that decide nothing are inconclusive, and say how many would', () => {
  const { verdict, reason, trialsNeeded } = judge([66.8, 67.9, 68], published, given);
  expect(verdict).toBe('inconclusive');
  expect(trialsNeeded).toBeGreaterThan(3);
  expect(reason).toContain(
    `if difference and spread stay as they are, ${trialsNeeded} trials would decide with probability 0.8.`,
  );
});

test('a published mean without trials counts as exact', () => {
  const { test: found, reason } = judge(V2, { mean: 67.5, source: 'x' }, given);
  expect(found).toMatchObject({ test: 'one-sample', df: 4 });
  expect(reason).toContain('(TOST against the published mean, df 4, p = 0.001)');
});

test('one trial is inconclusive; the published spread says how many would do, and without one nothing does', () => {
  expect(judge([67.3], published, given)).toMatchObject({ verdict: 'inconclusive', trialsNeeded: 5 });
  const { reason, trialsNeeded } = judge([67.3], { mean: 67.5, source: 'x' }, given);
  expect(reason).toBe('one trial, 0.2 points off, has no spread to judge by; two are the least.');
  expect(trialsNeeded).toBeUndefined();
});

test('a wider margin or a larger alpha makes other verdicts', () => {
  const trials = [66.9, 67.1, 66.7];
  expect(judge(trials, published, given).verdict).toBe('inconclusive');
  expect(judge(trials, published, { ...given, margin: 2 }).verdict).toBe('reproduced');
  expect(judge(trials, published, { ...given, margin: 0.1 }).verdict).toBe('not reproduced');
  expect(judge(trials, published, { ...given, margin: 0.3, alpha: 0.2 }).verdict).toBe('not reproduced');
});
