import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { readTensorFile, writeTensorFile } from '../../src/runs/tensor-file.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { makeFolder } from '../helpers/make-record.ts';

const makeFile = () => path.join(makeFolder(), 'x.safetensors');

const tensors = new Map<string, HostTensor>([
  ['conv1.weight', { dtype: 'float32', shape: [1, 3], values: new Float32Array([1, -0, Number.NaN]) }],
  ['bn1.num_batches_tracked', { dtype: 'int64', shape: [], values: new BigInt64Array([-(2n ** 60n)]) }],
  ['empty', { dtype: 'float32', shape: [0, 4], values: new Float32Array() }],
]);

/** Writes a file byte by byte: a header, and so many bytes of data. */
function writeRaw(header: unknown, dataBytes: number | Buffer, headerBytes?: number): string {
  const file = makeFile();
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes ?? json.length));
  const data = typeof dataBytes === 'number' ? Buffer.alloc(dataBytes) : dataBytes;
  writeFileSync(file, Buffer.concat([length, json, data]));
  return file;
}

const place = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('tensors come back bit for bit, in their order, with their metadata', () => {
  const file = makeFile();
  writeTensorFile(file, tensors, { epoch: '3', 'quo"te': 'ü\n' });
  const read = readTensorFile(file);
  expect([...read.tensors]).toEqual([...tensors]);
  expect(Object.is(read.tensors.get('conv1.weight')?.values[1], -0)).toBe(true);
  expect(read.metadata).toEqual({ epoch: '3', 'quo"te': 'ü\n' });
});

test('the same tensors give the same bytes', () => {
  const [a, b] = [makeFile(), makeFile()];
  writeTensorFile(a, tensors);
  writeTensorFile(b, tensors);
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

test('the bytes are those of the format: length, JSON, data, aligned to 8 bytes', () => {
  const file = makeFile();
  writeTensorFile(file, new Map([['w', { dtype: 'float32', shape: [2], values: new Float32Array([1, 2]) }]]));
  const bytes = readFileSync(file);
  const json = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  expect(bytes.readBigUInt64LE()).toBe(56n);
  expect(bytes.subarray(8, 64).toString()).toBe(json.padEnd(56));
  expect([...bytes.subarray(64)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
});

test('int64 lies before float32, so that both are aligned', () => {
  const file = makeFile();
  writeTensorFile(file, tensors);
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  expect(header['bn1.num_batches_tracked'].data_offsets).toEqual([0, 8]);
  expect(Object.keys(header)[0]).toBe('conv1.weight');
});

test('a tensor that is a part of a larger buffer is written alone', () => {
  const file = makeFile();
  const values = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  writeTensorFile(file, new Map([['w', { dtype: 'float32', shape: [2], values }]]));
  expect([...readTensorFile(file).tensors.get('w')!.values]).toEqual([2, 3]);
});

test('a failed write leaves the earlier file as it was', () => {
  const file = makeFile();
  writeTensorFile(file, tensors);
  const before = statSync(file);
  const wrong: HostTensor = { dtype: 'float32', shape: [3], values: new Float32Array(2) };
  expect(() => writeTensorFile(file, new Map([['w', wrong]]))).toThrow('Tensor w [3] has 2 values.');
  expect(statSync(file).ino).toBe(before.ino);
});

test('half, bfloat16 and double floats are read as float32', () => {
  const data = Buffer.concat([
    Buffer.from(new Float64Array([0.1, 1e300]).buffer),
    // 1, -2, the smallest and the largest half, infinity, NaN.
    Buffer.from(Uint16Array.from([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x7e00]).buffer),
    Buffer.from(Uint16Array.from([0x3f80, 0xc049]).buffer),
  ]);
  const file = writeRaw(
    {
      f64: { dtype: 'F64', shape: [2], data_offsets: [0, 16] },
      f16: { dtype: 'F16', shape: [6], data_offsets: [16, 28] },
      bf16: { dtype: 'BF16', shape: [2], data_offsets: [28, 32] },
    },
    data,
  );
  const read = readTensorFile(file).tensors;
  expect([...read.get('f64')!.values]).toEqual([Math.fround(0.1), Number.POSITIVE_INFINITY]);
  expect([...read.get('f16')!.values]).toEqual([
    1,
    -2,
    2 ** -24,
    65_504,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ]);
  expect([...read.get('bf16')!.values]).toEqual([1, -3.140625]);
});

test("a file of Python's safetensors 0.8.0 is read", () => {
  // save_file({'x': arange(6, float32) [2, 3], 'i': int64 [1, -2], 'h': float16 [1.5], 'd': float64 [0.1]}, {'k': 'v'})
  const written =
    '+AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidiJ9LCJpIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJkIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjRdfSwieCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsNDhdfSwiaCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzQ4LDUwXX19IAEAAAAAAAAA/v////////+amZmZmZm5PwAAAAAAAIA/AAAAQAAAQEAAAIBAAACgQAA+';
  const file = makeFile();
  writeFileSync(file, Buffer.from(written, 'base64'));
  const { tensors: read, metadata } = readTensorFile(file);
  expect(metadata).toEqual({ k: 'v' });
  expect(read.get('x')).toEqual({
    dtype: 'float32',
    shape: [2, 3],
    values: Float32Array.of(0, 1, 2, 3, 4, 5),
  });
  expect(read.get('i')).toEqual({ dtype: 'int64', shape: [2], values: BigInt64Array.of(1n, -2n) });
  expect([...read.get('h')!.values, ...read.get('d')!.values]).toEqual([1.5, Math.fround(0.1)]);
});

const damaged = 'The file is damaged or of another format. Make it again, or give another one.';

function expectProblem(file: string, code: string, message: string, hint = damaged): void {
  expect(catchProblems(() => readTensorFile(file))).toEqual([
    { code, message: message.replace('FILE', file), hint },
  ]);
}

test('a missing file is named', () => {
  expectProblem(
    '/nowhere/x.safetensors',
    'TENSOR_FILE_MISSING',
    'Expected a file of tensors at FILE but there is none.',
    'Check the path; relative ones count from the folder in which the command was started.',
  );
});

describe('a truncated file is told as such', () => {
  test('cut in its length', () => {
    const file = makeFile();
    writeFileSync(file, 'abc');
    expectProblem(
      file,
      'TENSOR_FILE_TRUNCATED',
      'Expected FILE to hold the 8 bytes of a header length but it ends after 3.',
    );
  });

  test('cut in its header', () => {
    expectProblem(
      writeRaw('{"w":', 0, 60),
      'TENSOR_FILE_TRUNCATED',
      'Expected FILE to hold a header of 60 bytes but it ends after 13 bytes in all.',
    );
  });

  test('cut in its data', () => {
    expectProblem(
      writeRaw({ w: place(0, 8) }, 7),
      'TENSOR_FILE_TRUNCATED',
      'Expected FILE to hold 8 bytes of tensors but it ends after 7.',
    );
  });

  test('cut anywhere at all', () => {
    const file = makeFile();
    writeTensorFile(file, tensors, { epoch: '1' });
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      expect(catchProblems(() => readTensorFile(file))).toMatchObject([{ code: 'TENSOR_FILE_TRUNCATED' }]);
    }
  });
});

describe('a header that breaks the format is refused, and the rule is named', () => {
  const cases: [string, unknown, number | undefined, string][] = [
    ['a length that no memory holds', '{}', 2 ** 40, 'its length would be 1099511627776 bytes'],
    ['text that is not JSON', '{"w":', undefined, 'it is not JSON'],
    ['JSON that is not an object', '[1]', undefined, 'it is not a JSON object'],
    ['an entry that is not an object', { w: 1 }, undefined, 'its entry "w" is not an object'],
    ['a negative size', { w: place(0, 4, [-1]) }, undefined, 'the shape of "w" is not a list of sizes'],
    [
      'an offset too many',
      { w: { ...place(0, 4), data_offsets: [0, 4, 8] } },
      undefined,
      'the data_offsets of "w" are not two byte positions',
    ],
    [
      'a dtype that is a number',
      { w: { ...place(0, 4), dtype: 1 } },
      undefined,
      'the dtype of "w" is not a text',
    ],
    [
      'metadata with numbers',
      { __metadata__: { epoch: 1 } },
      undefined,
      'its __metadata__ is not a map of texts',
    ],
  ];
  test.each(cases)('%s', (_, header, headerBytes, fact) => {
    const file = writeRaw(header, 4, headerBytes);
    expectProblem(
      file,
      'TENSOR_FILE_HEADER_INVALID',
      `Expected FILE to begin with a safetensors header but ${fact}.`,
    );
  });
});

describe('tensors that do not fill the file one after another are refused', () => {
  const cases: [string, unknown, string][] = [
    [
      'overlapping',
      { a: place(0, 8), b: place(4, 12) },
      '"b" begins at 4, inside the one before, which ends at 8',
    ],
    [
      'with a hole',
      { a: place(0, 4), b: place(8, 12) },
      '"b" begins at 8, and the bytes from 4 on belong to none',
    ],
    ['shorter than their shape', { a: place(0, 12, [4]) }, '"a" [4] has 12 bytes where 16 belong'],
    [
      'ending before they begin',
      { a: place(0, 8), b: place(8, 4, []) },
      '"b" [] has -4 bytes where 4 belong',
    ],
    ['with bytes left over', { a: place(0, 8) }, '4 bytes after the last tensor belong to none'],
  ];
  test.each(cases)('%s', (_, header, fact) => {
    const file = writeRaw(header, 12);
    expectProblem(
      file,
      'TENSOR_FILE_LAYOUT_INVALID',
      `Expected the tensors in FILE to lie one after another but ${fact}.`,
    );
  });
});

test('a format that PyTorch has and we have not is refused by name', () => {
  expectProblem(
    writeRaw({ mask: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, 4),
    'TENSOR_FILE_DTYPE_UNSUPPORTED',
    'Expected tensors of F32, I64, F64, BF16, F16, I32, I16, I8, U8, BOOL in FILE but "mask" is F8_E4M3.',
    'Convert it to float32 before saving.',
  );
});

test('a name such as __proto__ is a name like any other', () => {
  const file = writeRaw('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4);
  expect([...readTensorFile(file).tensors.keys()]).toEqual(['__proto__']);
});
