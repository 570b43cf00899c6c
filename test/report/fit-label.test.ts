// Long names in figures.

import { expect, test } from 'vitest';
import { drawCurves } from '../../src/report/figures/draw-curves.ts';
import { fitLabel } from '../../src/report/figures/fit-label.ts';
import { LIGHT } from '../../src/report/figures/theme.ts';

test('a label that fits is left alone; of another its start stays', () => {
  expect(fitLabel('MoCo v2', { width: 120, fontSize: 12 })).toBe('MoCo v2');
  expect(fitLabel('MoCo v2 without blur', { width: 84, fontSize: 12 })).toBe('MoCo v2 wit…');
  expect(fitLabel('anything', { width: 0, fontSize: 12 })).toBe('a…');
});

test('a legend says how many trials there are, however long the name of the method is', () => {
  const label = 'MoCo v2 with stronger augmentation, a cosine schedule and a head of two layers';
  const mean = [{ epoch: 1, value: 2, std: 0, trials: 12 }];
  const series = [{ label, style: 0, trials: 12, mean, lines: [] }];
  const svg = drawCurves({ key: 'loss', title: 'Loss', yLabel: 'nats', xLabel: 'epoch', series }, LIGHT);
  const [, legend] = /<text[^>]*>([^<]*… \(n = 12\))<\/text>/.exec(svg)!;
  expect(label.startsWith(legend!.slice(0, legend!.indexOf('…')))).toBe(true);
});
