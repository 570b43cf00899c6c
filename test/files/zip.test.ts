import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openBytes } from '../../src/files/file-bytes.ts';
import { readZip } from '../../src/files/zip/zip-reader.ts';
import { renderZip } from '../../src/files/zip/zip-writer.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { pickle, tensorOps, text, writeFile, zipTorch } from '../helpers/pickles.ts';

const damaged = 'The file is damaged or of another format. Make it again, or give another one.';

/** A file of one tensor of four numbers: { w: tensor }. */
function makeGood(): Buffer {
  const content = pickle('}', text('w'), tensorOps({ shape: [4], strides: [1] }), 's');
  return zipTorch(content, { 0: Buffer.from(Float32Array.of(1, 2, 3, 4).buffer) });
}

function problemOf(content: Uint8Array) {
  const [problem] = catchProblems(() => readTensorFile(writeFile(content)));
  return { ...problem, message: problem!.message.replace(/\S+x\.pth/, 'FILE') };
}

/** Changes bytes where the directory says something of an entry (0: data.pkl). */
function changeDirectory(entry: number, change: (record: Buffer) => void): Buffer {
  const file = makeGood();
  let at = file.indexOf('PK\x01\x02');
  for (let i = 0; i < entry; i++) at = file.indexOf('PK\x01\x02', at + 4);
  change(file.subarray(at));
  return file;
}

test('entries are aligned to 64 bytes, and the same content gives the same bytes', () => {
  const file = makeGood();
  const opened = openBytes(writeFile(file));
  const entries = [...readZip(opened).values()];
  opened.close();
  expect(entries.map(({ name }) => name)).toEqual(['archive/data.pkl', 'archive/data/0', 'archive/version']);
  expect(entries.map(({ start }) => start % 64)).toEqual([0, 0, 0]);
  expect(file.equals(makeGood())).toBe(true);
});

test('a file that is cut anywhere is refused, and almost everywhere as cut', () => {
  const whole = makeGood();
  const codes = new Set<string>();
  for (let length = 4; length < whole.length; length++) codes.add(problemOf(whole.subarray(0, length)).code!);
  expect([...codes]).toEqual(['TENSOR_FILE_TRUNCATED']);
  expect(problemOf(whole.subarray(0, 200))).toEqual({
    code: 'TENSOR_FILE_TRUNCATED',
    message:
      'Expected FILE to hold the directory of a zip archive at its end but it ends after 200 bytes without one.',
    hint: damaged,
  });
});

describe('a wrong checksum is found', () => {
  test('of a tensor, when it is read', () => {
    const file = makeGood();
    file[file.indexOf(Buffer.from(Float32Array.of(1, 2).buffer)) + 5]! ^= 1;
    expect(problemOf(file)).toEqual({
      code: 'ZIP_CRC_WRONG',
      message: expect.stringMatching(
        /^Expected entry archive\/data\/0 of FILE to have the checksum [0-9a-f]{8} but it is [0-9a-f]{8}\.$/,
      ),
      hint: damaged,
    });
  });

  test('of a tensor of which only a part is used', () => {
    const content = pickle('}', text('w'), tensorOps({ shape: [2], strides: [1] }), 's');
    const file = zipTorch(content, { 0: Buffer.from(Float32Array.of(1, 2, 3, 4).buffer) });
    file[file.indexOf(Buffer.from(Float32Array.of(3, 4).buffer))]! ^= 1;
    expect(problemOf(file).code).toBe('ZIP_CRC_WRONG');
  });

  test('of the pickle, before it is run', () => {
    const file = makeGood();
    file[file.indexOf('_rebuild_tensor_v2')]! ^= 1;
    expect(problemOf(file).code).toBe('ZIP_CRC_WRONG');
  });

  test('but not where PyTorch was told to record none', () => {
    const file = changeDirectory(1, (record) => record.writeUInt32LE(0, 16));
    expect([...readTensorFile(writeFile(file)).tensors.get('w')!.values]).toEqual([1, 2, 3, 4]);
  });
});

describe('a small file does not stand for a large one', () => {
  test('sizes beyond the file are refused', () => {
    const file = changeDirectory(1, (record) => {
      record.writeUInt32LE(0xfffffff0, 20);
      record.writeUInt32LE(0xfffffff0, 24);
    });
    expect(problemOf(file)).toEqual({
      code: 'ZIP_INVALID',
      message: expect.stringMatching(
        /^Expected FILE to be a sound zip archive, as torch\.save writes, but entry archive\/data\/0 of 4294967280 bytes reaches past byte \d+\.$/,
      ),
      hint: damaged,
    });
  });

  test('compressed entries are refused, with the way out', () => {
    const file = changeDirectory(1, (record) => record.writeUInt16LE(8, 10));
    expect(problemOf(file)).toEqual({
      code: 'ZIP_COMPRESSED',
      message: 'Expected the entries of FILE to be stored as they are but archive/data/0 is compressed.',
      hint: 'torch.save never compresses: another program packed this. Unpack it and pack it again with `zip -0`.',
    });
  });

  test('entries that share bytes are refused', () => {
    const first = makeGood().indexOf('PK\x03\x04');
    const file = changeDirectory(1, (record) => record.writeUInt32LE(first, 42));
    expect(problemOf(file).message).toMatch(/but entry archive\/data\S+ lies inside another\.$/);
  });

  test('a directory of more entries than it has bytes for is refused', () => {
    const file = makeGood();
    file.writeUInt16LE(60_000, file.length - 12);
    expect(problemOf(file).message).toMatch(/but its directory would have 60000 entries in \d+ bytes\.$/);
  });

  test('many tensors of one storage are refused before they take its size many times', () => {
    const views = Array.from({ length: 40 }, (_, i) =>
      Buffer.concat([
        text(`w${i}`),
        tensorOps({ length: 1_048_576, shape: [1_048_576], strides: [1] }),
        Buffer.from('s'),
      ]),
    );
    const file = zipTorch(pickle('}', ...views), { 0: Buffer.alloc(4 * 1_048_576) });
    expect(problemOf(file)).toEqual({
      code: 'TENSOR_FILE_INFLATED',
      message: expect.stringMatching(
        /^Expected the tensors of FILE to be about as large as the file, 42\d\d\d\d\d bytes, but together they would be 167772160\.$/,
      ),
      hint: 'They are views of the same numbers. Save clones of them: {name: tensor.clone() ...}.',
    });
  });

  test('a tensor that repeats one number without end is refused', () => {
    const content = pickle('}', text('w'), tensorOps({ shape: [100_000, 100_000], strides: [0, 0] }), 's');
    const file = zipTorch(content, { 0: Buffer.alloc(16) });
    expect(problemOf(file).message).toContain(': the tensor repeats 4 numbers to 10000000000');
  });
});

describe('entries of another kind are refused', () => {
  const cases: [string, (record: Buffer) => void, string][] = [
    ['encrypted', (record) => record.writeUInt16LE(0x0801, 8), 'entry archive/data.pkl is encrypted'],
    [
      'without a header',
      (record) => record.writeUInt32LE(4, 42),
      'entry archive/data.pkl has no header at 4',
    ],
    ['of another name', (record) => record.write('x', 46 + 'archive/data.pk'.length), 'it has no data.pkl'],
    [
      'a name longer than the directory',
      (record) => record.writeUInt16LE(60_000, 28),
      'entry 1 of 3 is longer than its directory',
    ],
    ['no entry at all', (record) => record.writeUInt32LE(0, 0), 'entry 1 of 3 is not in its directory'],
  ];
  test.each(cases)('%s', (_, change, fact) => {
    expect(problemOf(changeDirectory(0, change))).toEqual({
      code: 'ZIP_INVALID',
      message: `Expected FILE to be a sound zip archive, as torch.save writes, but ${fact}.`,
      hint: damaged,
    });
  });

  test('two of the same name', () => {
    const twice = Buffer.concat([
      ...renderZip([1, 2].map(() => ({ name: 'archive/data.pkl', read: () => Buffer.from('.') }))),
    ]);
    expect(problemOf(twice).message).toMatch(/but two of its entries have the same name\.$/);
  });
});

test('a file of more than 4 GiB is written and read by its 64-bit fields', () => {
  const file = writeFile(new Uint8Array());
  const descriptor = openSync(file, 'r+');
  const gibibyte = new Uint8Array(2 ** 30);
  const entries = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
    name,
    read: () => (name === 'e' ? Buffer.from('last') : gibibyte),
  }));
  let position = 0;
  for (const part of renderZip(entries)) {
    // Zeros are left out: the system keeps them as a hole.
    if (part.length < gibibyte.length) writeSync(descriptor, part, 0, part.length, position);
    position += part.length;
  }
  ftruncateSync(descriptor, position);
  closeSync(descriptor);
  const opened = openBytes(file);
  const last = readZip(opened).get('e')!;
  expect(last.start).toBeGreaterThan(2 ** 32);
  expect(Buffer.from(opened.read(last.start, last.size)).toString()).toBe('last');
  opened.close();
});

test('more entries than 16 bits count are written and read', () => {
  const entries = Array.from({ length: 70_000 }, (_, i) => ({
    name: `${i}`,
    read: () => Buffer.of(i % 256),
  }));
  const file = writeFile(Buffer.concat([...renderZip(entries)]));
  const opened = openBytes(file);
  const read = readZip(opened);
  opened.close();
  expect(read.size).toBe(70_000);
  expect(readFileSync(file)[read.get('69999')!.start]).toBe(69_999 % 256);
});
