// Files that torch.save of two versions wrote (test/fixtures/torch), and what it would never write.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { withTensors } from '../../src/files/open-tensors.ts';
import { type PyBytes, PyGlobal, PyOrderedDict, PyTuple } from '../../src/files/pickle/python-values.ts';
import { readStored } from '../../src/files/stored-tensor.ts';
import { type TorchDevice, TorchSize, type TorchTensor } from '../../src/files/torch/torch-values.ts';
import { renderTorchFile } from '../../src/files/torch/torch-writer.ts';
import { renderZip } from '../../src/files/zip/zip-writer.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { bytes, int, pickle, tensorOps, text, writeFile, zipTorch } from '../helpers/pickles.ts';

const fixtures = path.resolve('test/fixtures/torch');
const files = readdirSync(fixtures).filter((name) => name.endsWith('.pth'));
const damaged = 'The file is damaged or of another format. Make it again, or give another one.';

const count = Array.from({ length: 12 }, (_, i) => i);
const whole = (change: (i: number) => number = (i) => i) => count.map((i) => BigInt(change(i)));

test('there are files of both formats, all protocols and two versions', () => {
  expect(files).toHaveLength(10);
});

describe.each(files)('%s', (name) => {
  const file = path.join(fixtures, name);

  test('gives every tensor, views and narrow formats included', () => {
    const { tensors } = readTensorFile(file);
    const expected: { readonly [name: string]: [number[], readonly (number | bigint)[]] } = {
      'module.encoder_q.conv1.weight': [[3, 4], count.map((i) => i / 2)],
      'module.encoder_q.bn1.num_batches_tracked': [[], [7n]],
      'view.transposed': [
        [4, 3],
        [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
      ],
      'view.part': [
        [2, 2],
        [6, 7, 10, 11],
      ],
      'view.repeated': [
        [2, 3],
        [3, 3, 3, 3, 3, 3],
      ],
      'view.whole': [[3, 4], count],
      float16: [[3, 4], count],
      bfloat16: [[3, 4], count],
      float64: [[3, 4], count.map((i) => Math.fround(i / 3))],
      int32: [[3, 4], whole((i) => i - 3)],
      int16: [[3, 4], whole()],
      int8: [[3, 4], whole((i) => i - 2)],
      uint8: [[3, 4], whole()],
      bool: [[3, 4], whole((i) => (i > 3 ? 1 : 0))],
      empty: [[0, 3], []],
      parameter: [[2], [1.5, -0]],
    };
    expect([...tensors.keys()]).toEqual(Object.keys(expected));
    for (const [key, { shape, values }] of tensors)
      expect([key, [shape, [...values]]]).toEqual([key, expected[key]]);
  });

  test('gives everything beside them', () => {
    withTensors(file, ({ content, place }) => {
      const top = content as ReadonlyMap<string, unknown>;
      expect(place).toEqual(['state_dict']);
      expect(top.get('epoch')).toBe(200n);
      expect(top.get('numpy')).toEqual([3.25, 1.5, -7n, true]);
      const [large, , least, wide, float, tuple, yes, none, word, raw] = top.get('plain') as unknown[];
      expect([large, least, wide, float, yes, none, word]).toEqual([
        2n ** 70n,
        -(2n ** 31n),
        65_536n,
        1e300,
        true,
        null,
        'ü\n',
      ]);
      expect(tuple).toEqual(new PyTuple([1n, new PyTuple([2n, new PyTuple([3n, new PyTuple([4n])])])]));
      expect([...(raw as PyBytes).read()]).toEqual([0, 255]);
      const [dtype, size, device] = top.get('torch') as unknown[];
      expect(dtype).toEqual(new PyGlobal('torch.float16'));
      expect(size).toEqual(new TorchSize([1n, 2n]));
      expect((device as TorchDevice).name).toBe('cuda:0');
      const state = top.get('state_dict') as PyOrderedDict;
      expect(state.attributes?.get('_metadata')).toEqual(
        new PyOrderedDict([['', new Map([['version', 1n]])]]),
      );
    });
  });

  test('comes back from our writer with the same bits and formats', () => {
    const again = withTensors(file, ({ content }) => writeFile(Buffer.concat([...renderTorchFile(content)])));
    const read = (from: string) =>
      withTensors(from, ({ tensors }) =>
        [...tensors].map(([key, tensor]) => [key, tensor.dtype, tensor.shape, tensor.read()]),
      );
    expect(read(again)).toEqual(read(file));
  });
});

test('views of one storage share it, and each has its own numbers', () => {
  withTensors(path.join(fixtures, 'torch-2.15-zip-2.pth'), ({ tensors }) => {
    const [a, b] = ['view.transposed', 'view.part'].map((name) => tensors.get(name) as TorchTensor);
    expect(a!.storage).toBe(b!.storage);
    const first = a!.read();
    first.fill(0);
    expect([...readStored(b!).values]).toEqual([6, 7, 10, 11]);
  });
});

const floats = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);

function readOne(ops: Buffer, storages: { readonly [key: string]: Buffer } = { 0: floats }) {
  return readTensorFile(writeFile(zipTorch(pickle('}', text('w'), ops, 's'), storages))).tensors.get('w')!;
}

function factOf(run: () => unknown): string {
  return catchProblems(run)[0]!.message.replace(/^.*? but /, '');
}

describe('a tensor is what its pickle says, where that can be', () => {
  test('saved from a GPU', () => {
    expect([...readOne(tensorOps({ location: 'cuda:0', shape: [2, 2], strides: [1, 2] })).values]).toEqual([
      1, 3, 2, 4,
    ]);
  });

  test('of a storage class of CUDA, as old files have', () => {
    const ops = tensorOps({ storage: 'FloatStorage', shape: [4], strides: [1] });
    const old = Buffer.from(
      ops.toString('latin1').replace('ctorch\nFloatStorage', 'ctorch.cuda\nFloatStorage'),
      'latin1',
    );
    expect([...readOne(old).values]).toEqual([1, 2, 3, 4]);
  });

  test('with strides that skip and overlap', () => {
    expect([...readOne(tensorOps({ offset: 1, shape: [2, 2], strides: [1, 1] })).values]).toEqual([
      2, 3, 3, 4,
    ]);
  });

  const cases: [string, Parameters<typeof tensorOps>[0], string][] = [
    ['beyond its storage', { shape: [5], strides: [1] }, 'the tensor reaches to number 5 of 4'],
    ['beyond its storage by its stride', { shape: [2], strides: [4] }, 'the tensor reaches to number 5 of 4'],
    [
      'beyond its storage by its offset',
      { offset: 4, shape: [1], strides: [1] },
      'the tensor reaches to number 5 of 4',
    ],
    ['of a negative size', { shape: [-1], strides: [1] }, 'the tensor has a negative or endless size'],
    ['of more sizes than strides', { shape: [1, 2], strides: [1] }, 'the tensor has 2 sizes and 1 strides'],
    ['of 65 axes', { shape: Array(65).fill(1), strides: Array(65).fill(1) }, 'the tensor has 65 axes'],
    [
      'of a storage that is not there',
      { key: '7', shape: [4], strides: [1] },
      'it refers to data outside it that is not there',
    ],
    [
      'of a storage of another length',
      { length: 5, shape: [4], strides: [1] },
      'it refers to data outside it that is not there',
    ],
    [
      'of a storage of another format',
      { storage: 'DoubleStorage', shape: [4], strides: [1] },
      'it refers to data outside it that is not there',
    ],
  ];
  test.each(cases)('but not %s', (_, tensor, fact) => {
    expect(factOf(() => readOne(tensorOps(tensor)))).toContain(fact);
  });
});

describe('where the state dict is', () => {
  const w = tensorOps({ shape: [4], strides: [1] });
  const wrap = (...keys: string[]) =>
    keys.reduceRight((inner, key) => bytes('}', text(key), inner, 's'), bytes('}', text('w'), w, 's'));
  const placeOf = (content: Buffer) =>
    withTensors(writeFile(zipTorch(pickle(content), { 0: floats })), ({ place }) => place);

  test.each([
    [['state_dict']],
    [['model']],
    [['model_state_dict']],
    [['model', 'state_dict']],
    [['classy_state_dict', 'base_model', 'model', 'trunk']],
    [[]],
  ])('under %j', (keys) => {
    expect(placeOf(wrap(...keys))).toEqual(keys);
  });

  test('nowhere', () => {
    const file = writeFile(zipTorch(pickle('}', text('epoch'), 'K\x01s')));
    expect(catchProblems(() => readTensorFile(file))).toEqual([
      {
        code: 'STATE_DICT_MISSING',
        message: `Expected ${file} to hold a state dict (names and tensors) but it holds a dict of 1 keys: epoch.`,
        hint: 'Looked under state_dict, model, model_state_dict and at the top. Save torch.save(model.state_dict(), OUT).',
      },
    ]);
  });

  test('with a text where a tensor belongs', () => {
    const content = pickle('}', text('state_dict'), '}(', text('w'), w, text('fc.bias'), text('oops'), 'us');
    const file = writeFile(zipTorch(content, { 0: floats }));
    expect(catchProblems(() => readTensorFile(file))).toEqual([
      {
        code: 'STATE_DICT_NOT_A_TENSOR',
        message: `Expected names and tensors alone in the state dict of ${file} but fc.bias is a str.`,
        hint: 'Save the state dict alone: torch.save(model.state_dict(), OUT).',
      },
    ]);
  });
});

describe('the legacy format', () => {
  const magic = pickle(0x8a, 10, Buffer.from('6cfc9c46f9206aa85019', 'hex'));
  const version = pickle('M', Buffer.of(0xe9, 0x03));
  const machine = pickle('}', text('little_endian'), 0x88, 's');
  const value = pickle('}', text('w'), tensorOps({ shape: [4], strides: [1] }), 's');
  const keys = pickle(']', text('0'), 'a');
  const length = Buffer.of(4, 0, 0, 0, 0, 0, 0, 0);
  const good = [magic, version, machine, value, keys, length, floats];
  const read = (parts: readonly Buffer[]) => readTensorFile(writeFile(Buffer.concat(parts)));
  const replace = (at: number, part: Buffer) => good.map((each, i) => (i === at ? part : each));

  test('is read as it was written by hand', () => {
    expect([...read(good).tensors.get('w')!.values]).toEqual([1, 2, 3, 4]);
  });

  test('knows storages that are a part of another, as PyTorch 0.4 wrote', () => {
    const ops = tensorOps({ shape: [2], strides: [1] });
    const view = bytes('(', text('v'), int(1), int(2), 't');
    const at = ops.indexOf('tQ');
    const withView = Buffer.concat([ops.subarray(0, at), view, ops.subarray(at)]);
    expect([...read(replace(3, pickle('}', text('w'), withView, 's'))).tensors.get('w')!.values]).toEqual([
      2, 3,
    ]);
  });

  test('cut anywhere is refused as cut', () => {
    const all = Buffer.concat(good);
    const start = magic.length + version.length;
    for (let at = start; at < all.length; at++) {
      expect(catchProblems(() => read([all.subarray(0, at)]))).toMatchObject([
        { code: 'TENSOR_FILE_TRUNCATED' },
      ]);
    }
  });

  const cases: [string, Buffer[], string][] = [
    ['of another version', replace(1, pickle('K\x07')), 'its version is not 1001'],
    ['without its list of storages', replace(4, pickle('N')), 'it has no list of storages'],
    [
      'with a list of others',
      replace(4, pickle(']', text('9'), 'a')),
      'its list of storages is not that of its tensors',
    ],
    [
      'with a storage twice in its list',
      replace(4, pickle(']', text('0'), 'a', text('0'), 'a')),
      'its list of storages is not that of its tensors',
    ],
    ['with a storage that is not in it', replace(4, pickle(']')), 'storage 0 is not in it'],
    [
      'with a storage of another length',
      replace(5, Buffer.of(3, 0, 0, 0, 0, 0, 0, 0)),
      'a storage of 4 numbers has 3',
    ],
  ];
  test.each(cases)('%s is refused', (_, parts, fact) => {
    const [problem] = catchProblems(() => read(parts));
    expect({ ...problem, message: problem!.message.replace(/\S+x\.pth/, 'FILE') }).toEqual({
      code: 'TORCH_FILE_INVALID',
      message: `Expected FILE to be a file of torch.save but ${fact}.`,
      hint: damaged,
    });
  });

  test('of a big-endian machine is refused', () => {
    const file = writeFile(Buffer.concat(replace(2, pickle('}', text('little_endian'), 0x89, 's'))));
    expect(catchProblems(() => readTensorFile(file))).toEqual([
      {
        code: 'TORCH_FILE_BIG_ENDIAN',
        message: `Expected little-endian numbers in ${file} but it was saved on a big-endian machine.`,
        hint: 'Load it in Python on this machine and save it again.',
      },
    ]);
  });
});

test('a zip of a big-endian machine is refused', () => {
  const entries = [
    { name: 'a/data.pkl', read: () => pickle('N') },
    { name: 'a/byteorder', read: () => Buffer.from('big') },
  ];
  const file = writeFile(Buffer.concat([...renderZip(entries)]));
  expect(catchProblems(() => readTensorFile(file))).toMatchObject([{ code: 'TORCH_FILE_BIG_ENDIAN' }]);
});

test('a TorchScript program is refused, with the way out', () => {
  const entries = ['data.pkl', 'constants.pkl'].map((name) => ({
    name: `model/${name}`,
    read: () => pickle('N'),
  }));
  const file = writeFile(Buffer.concat([...renderZip(entries)]));
  expect(catchProblems(() => readTensorFile(file))).toEqual([
    {
      code: 'TORCH_FILE_IS_PROGRAM',
      message: `Expected ${file} to hold tensors, as torch.save writes, but it is a TorchScript program.`,
      hint: 'Save its weights in Python: torch.save(torch.jit.load(IN).state_dict(), OUT).',
    },
  ]);
});
