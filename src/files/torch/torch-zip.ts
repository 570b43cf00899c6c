// Reads what torch.save has written since PyTorch 1.6: a zip archive of one pickle and the storages that
// it refers to. Tensors stay in the file until they are read.

import { ProblemError } from '../../core/problem.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { getDtype } from '../dtypes.ts';
import type { FileBytes } from '../file-bytes.ts';
import { PyTuple } from '../pickle/python-values.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { invalidZip } from '../zip/zip-problems.ts';
import { readZip, type ZipEntry } from '../zip/zip-reader.ts';
import { CheckedRecord } from './checked-record.ts';
import { StorageClass, torchGlobals } from './torch-globals.ts';
import type { TorchStorage } from './torch-values.ts';

/** The value that was saved. Throws ZIP_*, PICKLE_*, TORCH_FILE_* and TENSOR_FILE_TRUNCATED. */
export function readTorchZip(file: FileBytes): unknown {
  const entries = readZip(file);
  const root = findRoot(file.path, entries);
  refuseByteOrder(file, entries.get(`${root}/byteorder`));
  const pickle = entries.get(`${root}/data.pkl`)!;
  new CheckedRecord(file, pickle).check();
  const storages = new Map<string, TorchStorage>();
  return unpickle(new ByteCursor(file, pickle.start, pickle.start + pickle.size), {
    globals: torchGlobals,
    persistentLoad: (id) => {
      const wanted = parseStorageId(id);
      if (!wanted) return undefined;
      const known = storages.get(wanted.key);
      if (known) return known.dtype === wanted.dtype && known.length === wanted.length ? known : undefined;
      const storage = openStorage(file, entries.get(`${root}/data/${wanted.key}`), wanted);
      if (storage) storages.set(wanted.key, storage);
      return storage;
    },
  });
}

/** What a persistent id says of a storage. */
export interface StorageId {
  readonly dtype: TorchStorage['dtype'];
  readonly key: string;
  readonly location: string;
  readonly length: number;
}

/** ('storage', class, key, location, number of elements[, view]) */
export function parseStorageId(id: unknown): StorageId | undefined {
  if (!(id instanceof PyTuple)) return undefined;
  const [kind, storageClass, key, location, length] = id.items;
  if (kind !== 'storage' || !(storageClass instanceof StorageClass)) return undefined;
  if (typeof key !== 'string' || typeof location !== 'string' || typeof length !== 'bigint') return undefined;
  if (length < 0n || length > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { dtype: storageClass.dtype, key, location, length: Number(length) };
}

function openStorage(file: FileBytes, entry: ZipEntry | undefined, id: StorageId): TorchStorage | undefined {
  const width = getDtype(id.dtype).bytes;
  if (!entry || entry.size !== id.length * width) return undefined;
  const record = new CheckedRecord(file, entry);
  const { dtype, length, location } = id;
  return { dtype, length, location, read: (start, count) => record.read(start * width, count * width) };
}

/** The folder in which everything lies; its name is the first file's name, or `archive`. */
function findRoot(file: string, entries: ReadonlyMap<string, ZipEntry>): string {
  const name = [...entries.keys()].find((each) => /^[^/]+\/data\.pkl$/.test(each));
  const root = name?.slice(0, -'/data.pkl'.length);
  if (root === undefined) throw invalidZip(file, 'it has no data.pkl');
  if (entries.has(`${root}/constants.pkl`)) throw new ProblemError(reportScript(file));
  return root;
}

function reportScript(file: string) {
  return {
    code: 'TORCH_FILE_IS_PROGRAM',
    message: `Expected ${file} to hold tensors, as torch.save writes, but it is a TorchScript program.`,
    hint: 'Save its weights in Python: torch.save(torch.jit.load(IN).state_dict(), OUT).',
  };
}

function refuseByteOrder(file: FileBytes, entry: ZipEntry | undefined): void {
  if (!entry || entry.size !== 'big'.length) return;
  if (Buffer.from(file.read(entry.start, entry.size)).toString() !== 'big') return;
  throw bigEndian(file.path);
}

/** Files of big-endian machines. */
export function bigEndian(file: string): ProblemError {
  return new ProblemError({
    code: 'TORCH_FILE_BIG_ENDIAN',
    message: `Expected little-endian numbers in ${file} but it was saved on a big-endian machine.`,
    hint: 'Load it in Python on this machine and save it again.',
  });
}
