import { expect, test } from 'vitest';
import { hashJson, renderCanonicalJson } from '../../src/core/hash.ts';

test('the order of keys does not change a hash, the order of a list does', () => {
  expect(hashJson({ a: 1, b: { c: [1, 2], d: null } })).toBe(hashJson({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(hashJson([1, 2])).not.toBe(hashJson([2, 1]));
});

test('a number and its text hash differently', () => {
  expect(hashJson({ lr: 0.03 })).not.toBe(hashJson({ lr: '0.03' }));
});

test('canonical JSON is JSON with sorted keys', () => {
  expect(renderCanonicalJson({ b: true, a: { d: 1, c: 'x' } })).toBe('{"a":{"c":"x","d":1},"b":true}');
});
