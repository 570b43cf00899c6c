// Tensors by name in a safetensors file: 8 bytes header length, JSON header, data. Python's
// safetensors reads what is written here, and the other way round. A file appears whole or not at all.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { type Problem, ProblemError } from '../core/problem.ts';
import { findDtype, nameDtype } from './tensor-dtypes.ts';
import { invalidHeader, parseTensorHeader, type TensorEntry, truncated } from './tensor-header.ts';
import { writeFileAtomic } from './write-file-atomic.ts';

const LENGTH_BYTES = 8;
/** The limit of the format, so that a damaged length cannot take all memory. */
const MAX_HEADER_BYTES = 100_000_000;

export interface TensorFile {
  /** In the order in which they were written. */
  readonly tensors: TensorMap;
  readonly metadata: { readonly [key: string]: string };
}

/** Writes tensors and texts about them, atomically. */
export function writeTensorFile(
  file: string,
  tensors: TensorMap,
  metadata: { readonly [key: string]: string } = {},
): void {
  const placed = placeTensors(tensors);
  const offsets = new Map(placed.map(({ name, begin, end }) => [name, [begin, end]]));
  const entries = [...tensors].map(([name, tensor]): [string, unknown] => [
    name,
    { dtype: nameDtype(tensor), shape: tensor.shape, data_offsets: offsets.get(name) },
  ]);
  const fields = Object.keys(metadata).length > 0 ? [['__metadata__', metadata], ...entries] : entries;
  const json = `{${fields.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  const header = Buffer.from(json);
  // Spaces keep the data aligned to 8 bytes.
  const padding = Buffer.alloc((8 - (header.length % 8)) % 8, ' ');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length + padding.length));
  writeFileAtomic(file, [length, header, padding, ...placed.map(({ bytes }) => bytes)]);
}

/** Reads all tensors of a file into memory of their own. Throws a ProblemError TENSOR_FILE_*. */
export function readTensorFile(file: string): TensorFile {
  const descriptor = openFile(file);
  try {
    const size = fstatSync(descriptor).size;
    const headerBytes = readHeaderLength(descriptor, size, file);
    const dataStart = LENGTH_BYTES + headerBytes;
    const json = Buffer.from(readBytes(descriptor, LENGTH_BYTES, headerBytes)).toString('utf8');
    const { entries, metadata } = parseTensorHeader(json, size - dataStart, file);
    const tensors = entries.map((entry): [string, HostTensor] => [
      entry.name,
      readTensor(descriptor, entry, dataStart),
    ]);
    return { tensors: new Map(tensors), metadata };
  } finally {
    closeSync(descriptor);
  }
}

/** Lays tensors one after another, wide numbers first, so that each is aligned to its own width. */
function placeTensors(tensors: TensorMap) {
  const byWidth = [...tensors].sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  let end = 0;
  return byWidth.map(([name, { values, shape }]) => {
    if (shape.reduce((product, size) => product * size, 1) !== values.length) {
      throw new Error(`Tensor ${name} [${shape}] has ${values.length} values.`);
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const begin = end;
    end += bytes.length;
    return { name, bytes, begin, end };
  });
}

function openFile(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new ProblemError(reportMissing(file));
  }
}

function reportMissing(file: string): Problem {
  return {
    code: 'TENSOR_FILE_MISSING',
    message: `Expected a safetensors file at ${file} but there is none.`,
    hint: 'Check the path; relative ones count from the folder in which the command was started.',
  };
}

function readHeaderLength(descriptor: number, size: number, file: string): number {
  if (size < LENGTH_BYTES) throw truncated(file, 'the 8 bytes of a header length', `${size}`);
  const start = Buffer.from(readBytes(descriptor, 0, LENGTH_BYTES));
  const length = start.readBigUInt64LE();
  if (start.subarray(0, 4).equals(ZIP_MAGIC)) {
    throw invalidHeader(file, 'it is a zip archive, as torch.save writes', PYTORCH_HINT);
  }
  if (length > MAX_HEADER_BYTES) throw invalidHeader(file, `its length would be ${length} bytes`);
  if (LENGTH_BYTES + Number(length) > size) {
    throw truncated(file, `a header of ${length} bytes`, `${size} bytes in all`);
  }
  return Number(length);
}

const ZIP_MAGIC = Buffer.from('PK\x03\x04');
const PYTORCH_HINT = 'Convert it in Python: safetensors.torch.save_file(torch.load(IN)["state_dict"], OUT).';

function readTensor(descriptor: number, entry: TensorEntry, dataStart: number): HostTensor {
  const bytes = readBytes(descriptor, dataStart + entry.begin, entry.end - entry.begin);
  // parseTensorHeader has refused every other format.
  return findDtype(entry.dtype)!.decode(bytes, entry.shape);
}

/** Reads exactly so many bytes; the caller knows that the file has them. */
function readBytes(descriptor: number, position: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, bytes, done, length - done, position + done);
    if (count === 0)
      throw new Error(`The file became shorter while it was read (at byte ${position + done}).`);
    done += count;
  }
  return bytes.buffer;
}
