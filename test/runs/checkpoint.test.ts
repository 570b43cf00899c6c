import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { findLatestCheckpoint, nameCheckpoint, writeCheckpoint } from '../../src/runs/checkpoint.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { makeFolder } from '../helpers/make-record.ts';

const tensor: HostTensor = { dtype: 'float32', shape: [1], values: new Float32Array([1]) };
const content = { tensors: new Map([['w', tensor]]), metadata: { arch: 'resnet18' } };

test('a checkpoint is named after its 0-based epoch, as the original names it', () => {
  expect([0, 199, 12_345].map(nameCheckpoint)).toEqual([
    'checkpoint_0000.safetensors',
    'checkpoint_0199.safetensors',
    'checkpoint_12345.safetensors',
  ]);
});

test('only the last checkpoint is kept, and it knows its epoch', () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'checkpoint.safetensors'), 'of somebody else');
  for (const epoch of [8, 9, 10]) writeCheckpoint(folder, epoch, content);
  expect(readdirSync(folder)).toEqual(['checkpoint.safetensors', 'checkpoint_0010.safetensors']);
  const latest = findLatestCheckpoint(folder);
  expect(latest).toEqual({ path: path.join(folder, 'checkpoint_0010.safetensors'), epoch: 10 });
  expect(readTensorFile(latest!.path).metadata).toEqual({ arch: 'resnet18', epoch: '10' });
});

test('a checkpoint that was never finished is not found', () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, '.checkpoint_0003.safetensors.77.tmp'), 'half');
  expect(findLatestCheckpoint(folder)).toBeUndefined();
  expect(findLatestCheckpoint(path.join(folder, 'missing'))).toBeUndefined();
});
