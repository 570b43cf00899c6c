import { expect, test } from 'vitest';
import { renderLocation, toLineColumn } from '../../src/core/source-location.ts';

test('lines and columns are counted from 1', () => {
  const text = 'ab\ncd\n\ne';
  expect(toLineColumn(text, 0)).toEqual({ line: 1, column: 1 });
  expect(toLineColumn(text, 4)).toEqual({ line: 2, column: 2 });
  expect(toLineColumn(text, 7)).toEqual({ line: 4, column: 1 });
});

test('a location renders as path:line:column', () => {
  expect(renderLocation({ file: { path: 'x.yaml', text: 'a: 1\nb: 2\n' }, offset: 8, length: 1 })).toBe(
    'x.yaml:2:4',
  );
});
