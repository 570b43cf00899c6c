// Where a Gloo to build against is found.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findGloo } from '../../src/engine/torch/install/find-gloo.ts';
import { makeFolder } from '../helpers/make-record.ts';

function put(root: string, ...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  }
}

test('a Gloo is one with its headers and its library, also where Debian puts it; conda’s comes first', () => {
  const [debian, half, conda] = [makeFolder(), makeFolder(), makeFolder()];
  put(debian, 'include/gloo/config.h', 'lib/x86_64-linux-gnu/libgloo.so');
  put(half, 'lib/libgloo.so');
  put(conda, 'include/gloo/config.h', 'lib/libgloo.so');
  expect(findGloo({}, [half, path.join(half, 'nowhere')])).toBeUndefined();
  const found = {
    include: path.join(debian, 'include'),
    library: path.join(debian, 'lib/x86_64-linux-gnu/libgloo.so'),
  };
  expect(findGloo({}, [half, debian])).toEqual(found);
  expect(findGloo({ CONDA_PREFIX: conda }, [debian])?.library).toBe(path.join(conda, 'lib/libgloo.so'));
});
