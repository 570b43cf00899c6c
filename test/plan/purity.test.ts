import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('plan reads no disk, starts no process and knows no clock', () => {
  const folder = new URL('../../src/plan/', import.meta.url);
  const files = readdirSync(folder);
  const impure = files.filter((file) =>
    /from 'node:|Date\.now|new Date|Math\.random|process\./.test(readFileSync(new URL(file, folder), 'utf8')),
  );
  expect(files.length).toBeGreaterThan(5);
  expect(impure).toEqual([]);
});
