// Pickles and PyTorch files built byte by byte, for what torch.save would never write.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { ByteCursor } from '../../src/files/byte-cursor.ts';
import { openBytes } from '../../src/files/file-bytes.ts';
import type { PickleWorld } from '../../src/files/pickle/pickle-machine.ts';
import { unpickle } from '../../src/files/pickle/unpickle.ts';
import { torchGlobals } from '../../src/files/torch/torch-globals.ts';
import { renderZip } from '../../src/files/zip/zip-writer.ts';
import { makeFolder } from './make-record.ts';

const PROTO = Buffer.of(0x80, 2);

/** Text as it stands in an opcode, and numbers as bytes. */
export type Piece = string | number | Buffer;

/** Joins opcodes: `'c'`, `'os\n'`, 0x85 and so on. */
export function bytes(...pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'number' ? Buffer.of(piece) : Buffer.from(piece))),
  );
}

/** BINUNICODE. */
export function text(value: string): Buffer {
  const content = Buffer.from(value);
  const head = Buffer.alloc(5, 'X');
  head.writeUInt32LE(content.length, 1);
  return Buffer.concat([head, content]);
}

/** A whole pickle, from PROTO to STOP. */
export function pickle(...pieces: readonly Piece[]): Buffer {
  return bytes(PROTO, ...pieces, '.');
}

/** Runs a pickle. */
export function runPickle(content: Buffer, world: PickleWorld = { globals: torchGlobals }): unknown {
  const opened = openBytes(writeFile(content));
  onTestFinished(() => opened.close()); // Bytes are read when they are asked for.
  return unpickle(new ByteCursor(opened, 0, opened.size), world);
}

/** Writes bytes into a new file. */
export function writeFile(content: Uint8Array, name = 'x.pth'): string {
  const file = path.join(makeFolder(), name);
  writeFileSync(file, content);
  return file;
}

/** The bytes of torch.save's zip format around a pickle. */
export function zipTorch(content: Buffer, storages: { readonly [key: string]: Buffer } = {}): Buffer {
  const entries = [
    { name: 'archive/data.pkl', read: () => content },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, read: () => data })),
    { name: 'archive/version', read: () => Buffer.from('3\n') },
  ];
  return Buffer.concat([...renderZip(entries)]);
}

export interface TensorPickle {
  readonly key?: string;
  readonly storage?: string;
  readonly location?: string;
  readonly length?: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The opcodes that rebuild a tensor, as torch.save writes them. */
export function tensorOps(tensor: TensorPickle): Buffer {
  const {
    key = '0',
    storage = 'FloatStorage',
    location = 'cpu',
    length = 4,
    offset = 0,
    shape,
    strides,
  } = tensor;
  const numbers = (values: readonly number[]) => bytes('(', ...values.map(int), 't');
  return bytes(
    'ctorch._utils\n_rebuild_tensor_v2\n((',
    text('storage'),
    `ctorch\n${storage}\n`,
    text(key),
    text(location),
    int(length),
    'tQ',
    int(offset),
    numbers(shape),
    numbers(strides),
    0x89,
    'ccollections\nOrderedDict\n)Rt',
    'R',
  );
}

/** BININT. */
export function int(value: number): Buffer {
  const content = Buffer.alloc(5, 'J');
  content.writeInt32LE(value, 1);
  return content;
}
