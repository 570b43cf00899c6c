// Tensors by name in a safetensors file: 8 bytes header length, JSON header, data. Python's
// safetensors reads what is written here, and the other way round.

import { type DtypeName, getDtype } from '../dtypes.ts';
import { type FileBytes, truncated } from '../file-bytes.ts';
import { countBytes, type StoredTensors } from '../stored-tensor.ts';
import { invalidHeader, parseTensorHeader } from './header.ts';

const LENGTH_BYTES = 8;
/** The limit of the format, so that a damaged length cannot take all memory. */
const MAX_HEADER_BYTES = 100_000_000;

export interface Safetensors {
  readonly tensors: StoredTensors;
  readonly metadata: { readonly [key: string]: string };
}

/** Reads the header; tensors stay in the file until they are read. Throws TENSOR_FILE_* problems. */
export function readSafetensors(file: FileBytes): Safetensors {
  const headerBytes = readHeaderLength(file);
  const dataStart = LENGTH_BYTES + headerBytes;
  const json = Buffer.from(file.read(LENGTH_BYTES, headerBytes).buffer).toString('utf8');
  const { entries, metadata } = parseTensorHeader(json, file.size - dataStart, file.path);
  const tensors = new Map(
    entries.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, read: () => file.read(dataStart + begin, end - begin) },
    ]),
  );
  return { tensors, metadata };
}

function readHeaderLength({ path, size, read }: FileBytes): number {
  if (size < LENGTH_BYTES) throw truncated(path, 'the 8 bytes of a header length', `${size}`);
  const length = Buffer.from(read(0, LENGTH_BYTES).buffer).readBigUInt64LE();
  if (length > MAX_HEADER_BYTES) throw invalidHeader(path, `its length would be ${length} bytes`);
  if (LENGTH_BYTES + Number(length) > size) {
    throw truncated(path, `a header of ${length} bytes`, `${size} bytes in all`);
  }
  return Number(length);
}

/** The bytes of a file, front to back; each tensor is read when its turn comes. */
export function* renderSafetensors(
  tensors: StoredTensors,
  metadata: { readonly [key: string]: string } = {},
): Generator<Uint8Array, void, undefined> {
  const placed = placeTensors(tensors);
  const offsets = new Map(placed.map(({ name, begin, end }) => [name, [begin, end]]));
  const entries = [...tensors].map(([name, { dtype, shape }]): [string, unknown] => [
    name,
    { dtype: getDtype(dtype).safetensors, shape, data_offsets: offsets.get(name) },
  ]);
  const fields = Object.keys(metadata).length > 0 ? [['__metadata__', metadata], ...entries] : entries;
  const json = `{${fields.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`;
  const header = Buffer.from(json);
  // Spaces keep the data aligned to 8 bytes.
  const padding = Buffer.alloc((8 - (header.length % 8)) % 8, ' ');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length + padding.length));
  yield Buffer.concat([length, header, padding]);
  for (const { name, tensor } of placed) {
    const bytes = tensor.read();
    if (bytes.length !== countBytes(tensor))
      throw new Error(`Tensor ${name} [${tensor.shape}] has ${bytes.length} bytes.`);
    yield bytes;
  }
}

/** Lays tensors one after another, wide numbers first, so that each is aligned to its own width. */
function placeTensors(tensors: StoredTensors) {
  const width = (dtype: DtypeName) => getDtype(dtype).bytes;
  const byWidth = [...tensors].sort(([, a], [, b]) => width(b.dtype) - width(a.dtype));
  let end = 0;
  return byWidth.map(([name, tensor]) => {
    const begin = end;
    end += countBytes(tensor);
    return { name, tensor, begin, end };
  });
}
