// The one door to files of tensors: tells PyTorch's (zip and legacy), Detectron2's pickles and safetensors
// apart by their first bytes, whatever they are called. Tensors stay in the file until they are read.

import { ProblemError } from '../core/problem.ts';
import { ByteCursor } from './byte-cursor.ts';
import { type FileBytes, openBytes } from './file-bytes.ts';
import { listOtherTensors } from './list-tensors.ts';
import { unpickle } from './pickle/unpickle.ts';
import { readSafetensors } from './safetensors/safetensors.ts';
import { findStateDict } from './state-dict.ts';
import { countBytes, type StoredTensor, type StoredTensors } from './stored-tensor.ts';
import { torchGlobals } from './torch/torch-globals.ts';
import { LEGACY_MAGIC, readTorchLegacy } from './torch/torch-legacy.ts';
import { readTorchZip } from './torch/torch-zip.ts';

/** How a file is built, not what it is for. */
export type FileFormat = 'torch-zip' | 'torch-legacy' | 'pickle' | 'safetensors';

/** A file of tensors, open. */
export interface TensorSource {
  readonly path: string;
  readonly format: FileFormat;
  /** The network's tensors by name: the state dict, or all of a safetensors file. */
  readonly tensors: StoredTensors;
  /** Keys from the top of `content` to the state dict. */
  readonly place: readonly string[];
  /** Everything that the file's pickle held. Undefined for safetensors. */
  readonly content: unknown;
  /** What a safetensors file says besides. Empty for others. */
  readonly metadata: { readonly [key: string]: string };
}

/** Opens a file, hands it over and closes it. Throws TENSOR_FILE_*, ZIP_*, PICKLE_*, TORCH_FILE_* and STATE_DICT_* problems. */
export function withTensors<Result>(file: string, use: (source: TensorSource) => Result): Result {
  const bytes = openBytes(file);
  try {
    return use(readSource(bytes));
  } finally {
    bytes.close();
  }
}

function readSource(bytes: FileBytes): TensorSource {
  const { path } = bytes;
  const read = readContent(bytes);
  if (read.format === 'safetensors') return { path, place: [], content: undefined, ...read };
  const { place, tensors } = findStateDict(read.content, path);
  refuseInflation(
    [...tensors.values(), ...listOtherTensors({ content: read.content, tensors }).values()],
    bytes,
  );
  return { path, metadata: {}, ...read, place, tensors };
}

/** Views may share numbers, but a small file must not fill the memory. */
function refuseInflation(tensors: readonly StoredTensor[], { path, size }: FileBytes): void {
  const bytes = tensors.reduce((sum, tensor) => sum + countBytes(tensor), 0);
  if (bytes <= MAX_INFLATION * size + SMALL_BYTES) return;
  throw new ProblemError({
    code: 'TENSOR_FILE_INFLATED',
    message: `Expected the tensors of ${path} to be about as large as the file, ${size} bytes, but together they would be ${bytes}.`,
    hint: 'They are views of the same numbers. Save clones of them: {name: tensor.clone() ...}.',
  });
}

/** Tied weights are stored once and read twice; more than a few times is no network. */
const MAX_INFLATION = 8;
/** Always allowed. */
const SMALL_BYTES = 2 ** 24;

type Content =
  | { readonly format: 'torch-zip' | 'torch-legacy' | 'pickle'; readonly content: unknown }
  | ({ readonly format: 'safetensors' } & ReturnType<typeof readSafetensors>);

function readContent(bytes: FileBytes): Content {
  const start = Buffer.from(bytes.read(0, Math.min(9, bytes.size)).buffer);
  if (start.subarray(0, 4).equals(ZIP_MAGIC)) return { format: 'torch-zip', content: readTorchZip(bytes) };
  if (start[0] !== PICKLE_MAGIC || start[8] === HEADER_START) {
    return { format: 'safetensors', ...readSafetensors(bytes) };
  }
  const cursor = new ByteCursor(bytes, 0, bytes.size);
  const first = unpickle(cursor, { globals: torchGlobals });
  if (first !== LEGACY_MAGIC) return { format: 'pickle', content: first };
  return { format: 'torch-legacy', content: readTorchLegacy(cursor) };
}

const ZIP_MAGIC = Buffer.from('PK\x03\x04');
/** PROTO, with which pickles of protocol 2 and later begin. */
const PICKLE_MAGIC = 0x80;
/** A header of safetensors may have a length that begins the same; then this follows the 8 bytes of it. */
const HEADER_START = 0x7b;
