import { describe, expect, test } from 'vitest';
import { renderPickle } from '../../src/files/pickle/pickle-writer.ts';
import { PyBytes, PyGlobal, PyOrderedDict, PyTuple } from '../../src/files/pickle/python-values.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { bytes, pickle, runPickle, text } from '../helpers/pickles.ts';

const write = (value: unknown, protocol: 2 | 4 = 2) => Buffer.concat([...renderPickle(value, { protocol })]);

/** What a pickle fails with, without the file's name. */
function factOf(content: Buffer): string {
  const [problem] = catchProblems(() => runPickle(content));
  return `${problem!.code} ${problem!.message.replace(/^.*? but /, '')}`;
}

describe('values of Python 3.11, by protocol', () => {
  // pickle.dumps({'i': [0, 255, 256, -1, 2**31, -2**70], 'f': [1.0, -0.0, 1e300], 's': 'ü\n', 'b': b'\x00\xff',
  //   't': ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)), 'o': OrderedDict(a=True), 'n': None}, protocol), and 'x': {1, 2} from protocol 4 on
  const written: { readonly [protocol: string]: string } = {
    2: 'gAJ9cQAoWAEAAABpcQFdcQIoSwBL/00AAUr/////igUAAACAAIoJAAAAAAAAAADAZVgBAAAAZnEDXXEEKEc/8AAAAAAAAEeAAAAAAAAAAEd+N+Q8iAB1nGVYAQAAAHNxBVgDAAAAw7wKcQZYAQAAAGJxB2NfY29kZWNzCmVuY29kZQpxCFgDAAAAAMO/cQlYBgAAAGxhdGluMXEKhnELUnEMWAEAAAB0cQ0oKUsBhXEOSwFLAoZxD0sBSwJLA4dxEChLAUsCSwNLBHRxEXRxElgBAAAAb3ETY2NvbGxlY3Rpb25zCk9yZGVyZWREaWN0CnEUKVJxFVgBAAAAYXEWiHNYAQAAAG5xF051Lg==',
    3: 'gAN9cQAoWAEAAABpcQFdcQIoSwBL/00AAUr/////igUAAACAAIoJAAAAAAAAAADAZVgBAAAAZnEDXXEEKEc/8AAAAAAAAEeAAAAAAAAAAEd+N+Q8iAB1nGVYAQAAAHNxBVgDAAAAw7wKcQZYAQAAAGJxB0MCAP9xCFgBAAAAdHEJKClLAYVxCksBSwKGcQtLAUsCSwOHcQwoSwFLAksDSwR0cQ10cQ5YAQAAAG9xD2Njb2xsZWN0aW9ucwpPcmRlcmVkRGljdApxEClScRFYAQAAAGFxEohzWAEAAABucRNOdS4=',
    4: 'gASVwgAAAAAAAAB9lCiMAWmUXZQoSwBL/00AAUr/////igUAAACAAIoJAAAAAAAAAADAZYwBZpRdlChHP/AAAAAAAABHgAAAAAAAAABHfjfkPIgAdZxljAFzlIwDw7wKlIwBYpRDAgD/lIwBdJQoKUsBhZRLAUsChpRLAUsCSwOHlChLAUsCSwNLBHSUdJSMAW+UjAtjb2xsZWN0aW9uc5SMC09yZGVyZWREaWN0lJOUKVKUjAFhlIhzjAFulE6MAXiUj5QoSwFLApB1Lg==',
    5: 'gAWVwgAAAAAAAAB9lCiMAWmUXZQoSwBL/00AAUr/////igUAAACAAIoJAAAAAAAAAADAZYwBZpRdlChHP/AAAAAAAABHgAAAAAAAAABHfjfkPIgAdZxljAFzlIwDw7wKlIwBYpRDAgD/lIwBdJQoKUsBhZRLAUsChpRLAUsCSwOHlChLAUsCSwNLBHSUdJSMAW+UjAtjb2xsZWN0aW9uc5SMC09yZGVyZWREaWN0lJOUKVKUjAFhlIhzjAFulE6MAXiUj5QoSwFLApB1Lg==',
  };
  test.each(Object.entries(written))('protocol %s', (protocol, content) => {
    const value = runPickle(Buffer.from(content, 'base64')) as Map<string, unknown>;
    expect(value.get('i')).toEqual([0n, 255n, 256n, -1n, 2n ** 31n, -(2n ** 70n)]);
    const floats = value.get('f') as number[];
    expect(floats).toEqual([1, -0, 1e300]);
    expect(Object.is(floats[1], -0)).toBe(true);
    expect(value.get('s')).toBe('ü\n');
    expect([...(value.get('b') as PyBytes).read()]).toEqual([0, 255]);
    const tuples = (value.get('t') as PyTuple).items.map((each) => (each as PyTuple).items.length);
    expect(tuples).toEqual([0, 1, 2, 3, 4]);
    expect(value.get('o')).toBeInstanceOf(PyOrderedDict);
    expect([...(value.get('o') as Map<unknown, unknown>)]).toEqual([['a', true]]);
    expect(value.get('n')).toBeNull();
    if (Number(protocol) >= 4) expect(value.get('x')).toEqual(new Set([1n, 2n]));
  });
});

test('what is written comes back, and what stands twice is written once', () => {
  const shared = new PyTuple([1n, 'x']);
  const dict = new PyOrderedDict([['a', shared]]);
  dict.setState(new Map([['_metadata', new PyOrderedDict()]]));
  const value = new Map<unknown, unknown>([
    ['numbers', [0n, 255n, 65_536n, -1n, 2n ** 40n, -(2n ** 70n), 0.5, -0]],
    ['plain', [null, true, false, 'ü']],
    ['bytes', new PyBytes(3, () => Uint8Array.of(0, 128, 255))],
    ['dict', dict],
    ['again', [shared, dict]],
    [3n, new Map()],
  ]);
  for (const protocol of [2, 4] as const) {
    const read = runPickle(write(value, protocol)) as typeof value;
    expect([...read.keys()]).toEqual([...value.keys()]);
    expect(read.get('numbers')).toEqual(value.get('numbers'));
    expect(read.get('plain')).toEqual(value.get('plain'));
    expect([...(read.get('bytes') as PyBytes).read()]).toEqual([0, 128, 255]);
    const [tuple, again] = read.get('again') as [PyTuple, PyOrderedDict];
    expect(again).toBe(read.get('dict'));
    expect(again.get('a')).toBe(tuple);
    expect(again.attributes?.get('_metadata')).toBeInstanceOf(PyOrderedDict);
  }
});

test('a list that holds itself is read and written', () => {
  const circle = runPickle(pickle(']q\0h\0a')) as unknown[];
  expect(circle[0]).toBe(circle);
  const again = runPickle(write(circle)) as unknown[];
  expect(again[0]).toBe(again);
});

test('a set is not written, and named', () => {
  expect(catchProblems(() => write([new Set([1n])]))).toEqual([
    {
      code: 'PICKLE_UNWRITABLE',
      message: 'Expected only tensors and plain values to write but found a set.',
      hint: 'Convert the encoder alone, or save without it in Python.',
    },
  ]);
});

describe('a name that is not on the list ends the pickle, whatever opcode says it', () => {
  const call = text('touch /tmp/owned');
  const cases: [string, Buffer, string][] = [
    ['GLOBAL', pickle('cos\nsystem\n'), 'os.system'],
    ['GLOBAL and REDUCE', pickle('cos\nsystem\n', call, 0x85, 'R'), 'os.system'],
    ['STACK_GLOBAL', pickle(text('builtins'), text('eval'), 0x93, call, 0x85, 'R'), 'builtins.eval'],
    ['INST', pickle('(', call, 'iposix\nsystem\n'), 'posix.system'],
    ['OBJ', pickle('(csubprocess\nPopen\n', call, 'o'), 'subprocess.Popen'],
    ['NEWOBJ', pickle('csubprocess\nPopen\n', call, 0x85, 0x81), 'subprocess.Popen'],
    ['NEWOBJ_EX', pickle('csubprocess\nPopen\n)}', 0x92), 'subprocess.Popen'],
    ['BUILD of a foreign class', pickle('cargparse\nNamespace\n)', 0x81, '}b'), 'argparse.Namespace'],
    ['a name of ours with more behind it', pickle('ctorch\nload\n'), 'torch.load'],
    [
      'a path through a module of the list',
      pickle(text('collections'), text('OrderedDict.__init__'), 0x93),
      'collections.OrderedDict.__init__',
    ],
    ['a name of JavaScript', pickle('c__proto__\nconstructor\n'), '__proto__.constructor'],
  ];
  test.each(cases)('%s', (_, content, name) => {
    const [problem] = catchProblems(() => runPickle(content));
    expect({ ...problem, message: problem!.message.replace(/in \S+x\.pth/, 'in FILE') }).toEqual({
      code: 'PICKLE_FOREIGN_GLOBAL',
      message: `Expected only tensors and plain values in FILE but its pickle asks for ${name}.`,
      hint: 'Nothing of it was run. If you trust the file, load it in Python and save its state_dict alone.',
    });
  });

  test('control characters of a name do not reach the terminal', () => {
    expect(factOf(pickle('cos\x1b[2J\nsystem\n'))).toContain('os?[2J.system');
  });
});

describe('what is on the list is called with what fits it, and nothing else is called', () => {
  const cases: [string, Buffer, string][] = [
    ['a call of a value', pickle(text('x'), ')R'), 'it calls something that is no function'],
    [
      'a call of a storage class',
      pickle('ctorch\nFloatStorage\n)R'),
      "it calls torch.FloatStorage with arguments that don't fit",
    ],
    [
      'a tensor of a text',
      pickle('ctorch._utils\n_rebuild_tensor_v2\n', text('x'), 0x85, 'R'),
      "it calls torch._utils._rebuild_tensor_v2 with arguments that don't fit",
    ],
    [
      'arguments that are a list',
      pickle('ccollections\nOrderedDict\n]R'),
      'the arguments of a call are a list',
    ],
    [
      'arguments by name',
      pickle('ccollections\nOrderedDict\n)}', text('a'), text('b'), 's', 0x92),
      'a call has arguments by name',
    ],
    ['a state for a list', pickle(']}b'), "it gives a list a state that doesn't fit"],
    [
      'a state that is a text',
      pickle('ccollections\nOrderedDict\n)R', text('x'), 'b'),
      "it gives a OrderedDict a state that doesn't fit",
    ],
    ['an extension', pickle(0x82, 7), 'it asks for number 7 of a registry of extensions'],
    ['a buffer from outside', pickle(0x97), 'it takes a buffer from outside the file'],
    [
      'a persistent id where there are none',
      pickle(text('x'), 'Q'),
      'it refers to data outside it that is not there',
    ],
  ];
  test.each(cases)('%s', (_, content, fact) => {
    expect(factOf(content)).toContain(`PICKLE_INVALID ${fact} (before byte `);
  });
});

describe('a machine that is misused ends with what was wrong', () => {
  const cases: [string, Buffer, string][] = [
    ['an empty stack', pickle('0'), 'it goes back to a mark that was never set'],
    ['nothing at the end', pickle(), 'it takes a value from an empty stack'],
    ['a mark that was never set', pickle('t'), 'it goes back to a mark that was never set'],
    ['a value below a mark', pickle('N(a'), 'it takes a value from an empty stack'],
    ['a memo that was never kept', pickle('h\x05'), 'it recalls number 5, which was never kept'],
    ['a memo of nothing', pickle('q\0'), 'it looks for a value on an empty stack'],
    ['a memo number that is none', pickle('Np-1\n'), 'a number in the memo is none'],
    ['a key without a value', pickle('}(Nu'), 'a key has no value'],
    ['keys of a list', pickle(']NNs'), 'it sets keys of a list'],
    ['items of a dict', pickle('}Na'), 'it appends to a dict'],
    ['members of a list', pickle('](N', 0x90), 'it adds members to a list'],
    ['a protocol to come', bytes(0x80, 6, 'N.'), 'its protocol would be 6, of 5 that there are'],
    ['no opcode', pickle(0xff), '255 is no opcode'],
    [
      'a whole number of 4 GB',
      pickle(0x8b, Buffer.of(255, 255, 255, 255)),
      'a whole number has 4294967295 bytes',
    ],
    ['a whole number that is none', pickle('I1x\n'), 'a whole number is none'],
    ['a float that is none', pickle('F1,5\n'), 'a float is none'],
    ['a line without end', pickle('V', 'x'.repeat(70_000), '\n'), 'a line has more than 65536 bytes'],
    ['a text without quotes', pickle('Sabc\n'), 'a text has no quotes'],
  ];
  test.each(cases)('%s', (_, content, fact) => {
    expect(factOf(content)).toContain(`PICKLE_INVALID ${fact} (before byte `);
  });

  test('the whole text, once', () => {
    const [problem] = catchProblems(() => runPickle(pickle(0xff)));
    expect({ ...problem, message: problem!.message.replace(/Expected \S+/, 'Expected FILE') }).toEqual({
      code: 'PICKLE_INVALID',
      message: 'Expected FILE to hold a sound pickle but 255 is no opcode (before byte 3).',
      hint: 'The file is damaged or of another format. Make it again, or give another one.',
    });
  });

  test('a memo number of 32 bits takes no more memory than a small one', () => {
    expect(
      runPickle(pickle('Nr', Buffer.of(255, 255, 255, 255), '0j', Buffer.of(255, 255, 255, 255))),
    ).toBeNull();
  });

  test('a text longer than the file is cut short', () => {
    expect(factOf(pickle('X', Buffer.of(255, 255, 255, 255)))).toMatch(/^TENSOR_FILE_TRUNCATED /);
    expect(factOf(pickle(0x8e, Buffer.alloc(8, 255)))).toMatch(/^TENSOR_FILE_TRUNCATED /);
  });
});

describe('depth and number have no bottom to fall through', () => {
  test('100,000 lists inside one another are read, and written again', () => {
    const depth = 100_000;
    let value = runPickle(pickle(']'.repeat(depth), 'a'.repeat(depth - 1)));
    const again = runPickle(write(value));
    for (const start of [value, again]) {
      value = start;
      let count = 0;
      for (; Array.isArray(value); value = value[0]) count++;
      expect(count).toBe(depth);
    }
  });

  test('100,000 tuples, dicts and marks too', () => {
    const deep = runPickle(pickle('N', Buffer.alloc(100_000, 0x85)));
    expect(deep).toBeInstanceOf(PyTuple);
    expect(runPickle(pickle('N', '('.repeat(100_000), '1'.repeat(100_000)))).toBeNull();
    expect(runPickle(pickle('}', 'N}'.repeat(99_999), 's'.repeat(99_999)))).toBeInstanceOf(Map);
  });

  test('more than a million objects, or five million opcodes, are refused', () => {
    expect(factOf(pickle('}'.repeat(1_000_001)))).toContain('it makes more than 1000000 objects');
    expect(factOf(pickle('N0'.repeat(2_500_001)))).toContain('it has more than 5000000 opcodes');
  });
});

test('keys such as __proto__ are keys like any other', () => {
  const dict = runPickle(pickle('}', text('__proto__'), '}', text('polluted'), 'Nss')) as Map<
    unknown,
    unknown
  >;
  expect([...dict.keys()]).toEqual(['__proto__']);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a global of the list is a value too', () => {
  expect(runPickle(pickle('ctorch\nfloat16\n'))).toEqual(new PyGlobal('torch.float16'));
});
