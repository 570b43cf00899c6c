// Reads what torch.save wrote before PyTorch 1.6 (and still writes without its zip format): pickles one
// after another - magic number, version, about the machine, the value, the storages' keys - and then each
// storage, a length before it. Tensors stay in the file until they are read.

import { ProblemError } from '../../core/problem.ts';
import type { ByteCursor } from '../byte-cursor.ts';
import { getDtype } from '../dtypes.ts';
import { DAMAGED_HINT, type FileBytes, truncated } from '../file-bytes.ts';
import { PyTuple } from '../pickle/python-values.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { torchGlobals } from './torch-globals.ts';
import type { TorchStorage } from './torch-values.ts';
import { bigEndian, parseStorageId, type StorageId } from './torch-zip.ts';

export const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001n;
/** Before each storage: how many numbers it has. */
const LENGTH_BYTES = 8;

/** A storage whose place is known only when the whole value has been read. */
class LegacyStorage implements TorchStorage {
  readonly id: StorageId;
  readonly #file: FileBytes;
  start: number | undefined;

  constructor(file: FileBytes, id: StorageId) {
    this.#file = file;
    this.id = id;
  }

  get dtype() {
    return this.id.dtype;
  }

  get length() {
    return this.id.length;
  }

  get location() {
    return this.id.location;
  }

  read(start: number, count: number): Uint8Array<ArrayBuffer> {
    const width = getDtype(this.dtype).bytes;
    return this.#file.read(this.start! + start * width, count * width);
  }
}

/** The value that was saved; `cursor` stands behind the magic number. Throws PICKLE_*, TORCH_FILE_* and TENSOR_FILE_TRUNCATED. */
export function readTorchLegacy(cursor: ByteCursor): unknown {
  const { file } = cursor;
  const plain = { globals: torchGlobals };
  if (unpickle(cursor, plain) !== LEGACY_PROTOCOL) throw invalidLegacy(file.path, 'its version is not 1001');
  const machine = unpickle(cursor, plain);
  if (machine instanceof Map && machine.get('little_endian') === false) throw bigEndian(file.path);
  const storages = new Map<string, LegacyStorage>();
  const value = unpickle(cursor, { ...plain, persistentLoad: (id) => findStorage(file, storages, id) });
  const keys = unpickle(cursor, plain);
  if (!Array.isArray(keys)) throw invalidLegacy(file.path, 'it has no list of storages');
  placeStorages(cursor, storages, keys);
  return value;
}

function findStorage(
  file: FileBytes,
  storages: Map<string, LegacyStorage>,
  id: unknown,
): TorchStorage | undefined {
  const wanted = parseStorageId(id);
  if (!wanted) return undefined;
  const known = storages.get(wanted.key) ?? new LegacyStorage(file, wanted);
  if (known.dtype !== wanted.dtype || known.length !== wanted.length) return undefined;
  storages.set(wanted.key, known);
  return id instanceof PyTuple && id.items[5] instanceof PyTuple
    ? viewStorage(known, id.items[5].items)
    : known;
}

/** (key, offset, length): a storage that is a part of another. */
function viewStorage(whole: TorchStorage, [, offset, length]: readonly unknown[]): TorchStorage | undefined {
  const [start, count] = [Number(offset), Number(length)];
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(count)) return undefined;
  if (start < 0 || count < 0 || start + count > whole.length) return undefined;
  const { dtype, location } = whole;
  return { dtype, location, length: count, read: (from, size) => whole.read(start + from, size) };
}

/** The storages lie in the order of their keys, up to the end of the file. */
function placeStorages(
  cursor: ByteCursor,
  storages: ReadonlyMap<string, LegacyStorage>,
  keys: readonly unknown[],
): void {
  const { path } = cursor.file;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || storage.start !== undefined)
      throw invalidLegacy(path, 'its list of storages is not that of its tensors');
    const length = cursor.take(LENGTH_BYTES).readBigUInt64LE();
    if (length !== BigInt(storage.length))
      throw invalidLegacy(path, `a storage of ${storage.length} numbers has ${length}`);
    const bytes = storage.length * getDtype(storage.dtype).bytes;
    if (bytes > cursor.remaining) throw truncated(path, `${bytes} bytes of a storage`, `${cursor.remaining}`);
    storage.start = cursor.skip(bytes);
  }
  for (const { start, id } of storages.values()) {
    if (start === undefined) throw invalidLegacy(path, `storage ${id.key.slice(0, 40)} is not in it`);
  }
}

function invalidLegacy(file: string, fact: string): ProblemError {
  return new ProblemError({
    code: 'TORCH_FILE_INVALID',
    message: `Expected ${file} to be a file of torch.save but ${fact}.`,
    hint: DAMAGED_HINT,
  });
}
