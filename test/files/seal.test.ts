// The checksum over a whole checkpoint: nothing of the file can change unseen, and PyTorch does not mind it.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { stream } from '../../src/core/rng.ts';
import { checkSeal, SEAL_BYTES } from '../../src/files/seal.ts';
import { toStored } from '../../src/files/stored-tensor.ts';
import { refuseBroken, writeTorchFile } from '../../src/runs/checkpoint.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';

/** A checkpoint of 64 kB with three tensors. */
function makeCheckpoint(): string {
  const file = path.join(makeFolder(), 'checkpoint_0000.pth.tar');
  const rng = stream(1, 'weights');
  const tensors = ['a', 'b', 'c'].map((name) => {
    const values = Float32Array.from({ length: 5000 }, () => rng.normal());
    return [name, toStored({ dtype: 'float32', shape: [50, 100], values })] as const;
  });
  writeTorchFile(
    file,
    new Map<string, unknown>([
      ['epoch', 1n],
      ['state_dict', new Map(tensors)],
    ]),
  );
  return file;
}

/** Flips one bit, asks, and flips it back. */
function checkFlipped(file: string, bytes: Buffer, bit: number): string {
  const at = bit >> 3;
  bytes[at]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
  bytes[at]! ^= 1 << (bit & 7);
  return checkSeal(file);
}

test('a checkpoint is sound as it was written', () => {
  expect(checkSeal(makeCheckpoint())).toBe('sound');
});

test('every flip of one bit is seen: 2,000 at random over the file, and each one of its last 300 bytes', () => {
  const file = makeCheckpoint();
  const bytes = readFileSync(file);
  const rng = stream(2, 'flips');
  const random = Array.from({ length: 2000 }, () => rng.integer(8 * bytes.length));
  const last = Array.from({ length: 8 * 300 }, (_, i) => 8 * bytes.length - 1 - i);
  const states = [...random, ...last].map((bit) => checkFlipped(file, bytes, bit));
  expect(states.filter((state) => state === 'sound')).toEqual([]);
  writeFileSync(file, bytes);
  expect(checkSeal(file)).toBe('sound');
});

test('a file that is cut or longer is seen', () => {
  const file = makeCheckpoint();
  const bytes = readFileSync(file);
  const rng = stream(3, 'cuts');
  const lengths = [
    0,
    1,
    SEAL_BYTES,
    bytes.length - 1,
    ...Array.from({ length: 200 }, () => rng.integer(bytes.length)),
  ];
  for (const length of lengths) {
    writeFileSync(file, bytes.subarray(0, length));
    expect(checkSeal(file)).not.toBe('sound');
  }
  writeFileSync(file, Buffer.concat([bytes, Buffer.from([0])]));
  expect(checkSeal(file)).toBe('unsealed');
});

describe('what is told', () => {
  const hint = 'The disk or a program changed the file. Delete it: training goes on from the one before.';

  test('of bytes that have changed', () => {
    const file = makeCheckpoint();
    const bytes = readFileSync(file);
    checkFlipped(file, bytes, 8 * 20_000);
    expect(catchProblems(() => refuseBroken(file))).toEqual([
      {
        code: 'CHECKPOINT_DAMAGED',
        message: `Expected ${file} to have the checksum it was written with but it has another one.`,
        hint,
      },
    ]);
  });

  test('of a file that has lost its end', () => {
    const file = makeCheckpoint();
    writeFileSync(file, readFileSync(file).subarray(0, 30_000));
    expect(catchProblems(() => refuseBroken(file))).toEqual([
      {
        code: 'CHECKPOINT_DAMAGED',
        message: `Expected ${file} to have the checksum it was written with but it has none at its end.`,
        hint,
      },
    ]);
  });
});
