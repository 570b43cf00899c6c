import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { toStored } from '../../src/files/stored-tensor.ts';
import {
  applyRetention,
  findLatestCheckpoint,
  nameCheckpoint,
  writeTorchFile,
} from '../../src/runs/checkpoint.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { makeFolder } from '../helpers/make-record.ts';

const tensor = toStored({ dtype: 'float32', shape: [1], values: new Float32Array([1]) });

/** A folder with a checkpoint after each of ten epochs, cut back after each. */
function trainTenEpochs(keep: string): string[] {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'checkpoint.pth.tar'), 'of somebody else');
  for (let epoch = 0; epoch < 10; epoch++) {
    const content = new Map<string, unknown>([
      ['epoch', BigInt(epoch + 1)],
      ['state_dict', new Map([['w', tensor]])],
    ]);
    writeTorchFile(path.join(folder, nameCheckpoint(epoch)), content);
    applyRetention(folder, keep);
  }
  return readdirSync(folder);
}

test('a checkpoint is named after its 0-based epoch, as the original names it', () => {
  expect([0, 199, 12_345].map(nameCheckpoint)).toEqual([
    'checkpoint_0000.pth.tar',
    'checkpoint_0199.pth.tar',
    'checkpoint_12345.pth.tar',
  ]);
});

test('keep says which stay: the last alone, every Nth beside it, or all', () => {
  const others = 'checkpoint.pth.tar';
  expect(trainTenEpochs('last')).toEqual([others, 'checkpoint_0009.pth.tar']);
  expect(trainTenEpochs('best')).toEqual([others, 'checkpoint_0009.pth.tar']);
  expect(trainTenEpochs('every 4')).toEqual([others, ...[3, 7, 9].map(nameCheckpoint)]);
  expect(trainTenEpochs('all')).toHaveLength(11);
});

test('the latest checkpoint is found, and it knows its epochs', () => {
  const folder = makeFolder();
  for (const epoch of [9, 10_000, 99]) {
    const content = new Map<string, unknown>([
      ['epoch', BigInt(epoch + 1)],
      ['state_dict', new Map([['w', tensor]])],
    ]);
    writeTorchFile(path.join(folder, nameCheckpoint(epoch)), content);
  }
  const latest = findLatestCheckpoint(folder);
  expect(latest).toEqual({ path: path.join(folder, 'checkpoint_10000.pth.tar'), epoch: 10_000 });
  expect(readTensorFile(latest!.path)).toMatchObject({ metadata: { epoch: '10001' } });
});

test('a checkpoint that was never finished is not found', () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, '.checkpoint_0003.pth.tar.77.tmp'), 'half');
  expect(findLatestCheckpoint(folder)).toBeUndefined();
  expect(findLatestCheckpoint(path.join(folder, 'missing'))).toBeUndefined();
});
