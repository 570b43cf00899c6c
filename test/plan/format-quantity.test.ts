import { expect, test } from 'vitest';
import { formatAmount, formatBytes, formatCount, formatDuration } from '../../src/plan/format-quantity.ts';

test('counts below ten thousand are whole, larger ones have three digits', () => {
  const counts = [0, 999, 1000, 9999, 10_000, 50_000, 999_499, 999_500, 1_281_167, 256_233_400, 2e9];
  expect(counts.map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '9,999',
    '10.0k',
    '50.0k',
    '999k',
    '1.00M',
    '1.28M',
    '256M',
    '2.00G',
  ]);
});

test('bytes are in decimal units', () => {
  const bytes = [0, 512, 999, 1000, 46_123_456, 320e6, 999_900_000, 1e12];
  expect(bytes.map(formatBytes)).toEqual([
    '0 B',
    '512 B',
    '999 B',
    '1.00 kB',
    '46.1 MB',
    '320 MB',
    '1.00 GB',
    '1.00 TB',
  ]);
});

test('durations have at most two units and carry over', () => {
  const seconds = [0.4, 1, 59.7, 60, 130, 3599.9, 3600, 12_000, 86_399, 86_400, 450_000];
  expect(seconds.map((s) => formatDuration(s * 1000))).toEqual([
    '<1s',
    '1s',
    '1m',
    '1m',
    '2m 10s',
    '1h',
    '1h',
    '3h 20m',
    '1d',
    '1d',
    '5d 5h',
  ]);
});

test('one stage is not one stages', () => {
  expect([formatAmount(1, 'stage'), formatAmount(10_000, 'stage')]).toEqual(['1 stage', '10,000 stages']);
});
