// A checkpoint as large as MoCo's with a ResNet-50 takes little memory beyond its tensors.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { locateScript } from '../../src/core/own-script.ts';
import type { StoredTensor } from '../../src/files/stored-tensor.ts';
import { renderTorchFile } from '../../src/files/torch/torch-writer.ts';
import { makeFolder } from '../helpers/make-record.ts';

const MEGABYTE = 2 ** 20;

test('320 MB are written and read with less than 100 MB beside them', () => {
  const file = path.join(makeFolder(), 'large.pth.tar');
  const before = process.resourceUsage().maxRSS * 1024;
  const numbers = new Uint8Array(8 * MEGABYTE).fill(1);
  const tensor: StoredTensor = { dtype: 'float32', shape: [2 * MEGABYTE], read: () => numbers };
  const state = new Map(Array.from({ length: 40 }, (_, i) => [`module.w${i}`, { ...tensor }]));
  const descriptor = openSync(file, 'w');
  for (const part of renderTorchFile(new Map([['state_dict', state]]))) writeSync(descriptor, part);
  closeSync(descriptor);
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(100 * MEGABYTE);

  const here = pathToFileURL(path.resolve('test/files/here.ts')).href;
  const { path: script, execArgv } = locateScript(here, '../helpers/read-and-measure');
  const printed = execFileSync(process.execPath, [...execArgv, script, file], { encoding: 'utf8' });
  const { tensors, bytes, grown } = JSON.parse(printed) as { tensors: number; bytes: number; grown: number };
  expect({ tensors, bytes }).toEqual({ tensors: 40, bytes: 320 * MEGABYTE });
  expect(grown - bytes).toBeLessThan(100 * MEGABYTE);
});
