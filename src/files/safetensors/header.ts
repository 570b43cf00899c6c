// The header of a safetensors file: JSON that says for every tensor its format, its shape and
// where its bytes lie. Nothing in it is believed before it has been checked against the file's size.
// Format: https://huggingface.co/docs/safetensors, "Format".

import { isMapping } from '../../core/is-mapping.ts';
import { type Problem, ProblemError } from '../../core/problem.ts';
import { type DtypeName, dtypes, getDtype } from '../dtypes.ts';
import { DAMAGED_HINT, truncated } from '../file-bytes.ts';
import { countElements } from '../stored-tensor.ts';

/** Where a tensor lies: `begin` and `end` count from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface TensorHeader {
  /** In the order of the file's header. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: { readonly [key: string]: string };
}

/** Parses and checks a header. `dataBytes`: how much the file holds after it. */
export function parseTensorHeader(json: string, dataBytes: number, file: string): TensorHeader {
  const header = parseObject(json, file);
  const { __metadata__: metadata = {}, ...tensors } = header;
  if (!isMapping(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw invalidHeader(file, 'its __metadata__ is not a map of texts');
  }
  const entries = Object.entries(tensors).map(([name, entry]) => parseEntry(name, entry, file));
  checkLayout(entries, dataBytes, file);
  return { entries, metadata: metadata as { readonly [key: string]: string } };
}

/** A problem with the header; `fact` completes "but ...". */
export function invalidHeader(file: string, fact: string, hint = DAMAGED_HINT): ProblemError {
  const message = `Expected ${file} to begin with a safetensors header but ${fact}.`;
  return new ProblemError({ code: 'TENSOR_FILE_HEADER_INVALID', message, hint });
}

function parseObject(json: string, file: string): { readonly [key: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalidHeader(file, 'it is not JSON');
  }
  if (!isMapping(value)) throw invalidHeader(file, 'it is not a JSON object');
  return value;
}

function parseEntry(name: string, entry: unknown, file: string): TensorEntry {
  if (!isMapping(entry)) throw invalidHeader(file, `its entry "${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isSizes(shape)) throw invalidHeader(file, `the shape of "${name}" is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw invalidHeader(file, `the data_offsets of "${name}" are not two byte positions`);
  }
  if (typeof dtype !== 'string') throw invalidHeader(file, `the dtype of "${name}" is not a text`);
  const known = dtypes.find(({ safetensors }) => safetensors === dtype);
  if (!known) throw new ProblemError(reportDtype({ name, dtype }, file));
  return { name, dtype: known.name, shape, begin: offsets[0]!, end: offsets[1]! };
}

/** Tensors must lie one after another, each as long as its shape says, and fill the file. */
function checkLayout(entries: readonly TensorEntry[], dataBytes: number, file: string): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    const bytes = getDtype(entry.dtype).bytes * countElements(entry.shape);
    if (entry.begin !== end) throw invalidLayout(file, describeGap(entry, end));
    if (entry.end - entry.begin !== bytes) {
      const has = entry.end - entry.begin;
      throw invalidLayout(file, `"${entry.name}" [${entry.shape}] has ${has} bytes where ${bytes} belong`);
    }
    end = entry.end;
  }
  if (end > dataBytes) throw truncated(file, `${end} bytes of tensors`, `${dataBytes}`);
  if (end < dataBytes)
    throw invalidLayout(file, `${dataBytes - end} bytes after the last tensor belong to none`);
}

function describeGap({ name, begin }: TensorEntry, end: number): string {
  return begin < end
    ? `"${name}" begins at ${begin}, inside the one before, which ends at ${end}`
    : `"${name}" begins at ${begin}, and the bytes from ${end} on belong to none`;
}

function invalidLayout(file: string, fact: string): ProblemError {
  const message = `Expected the tensors in ${file} to lie one after another but ${fact}.`;
  return new ProblemError({ code: 'TENSOR_FILE_LAYOUT_INVALID', message, hint: DAMAGED_HINT });
}

function reportDtype({ name, dtype }: { name: string; dtype: string }, file: string): Problem {
  const known = dtypes.map(({ safetensors }) => safetensors).join(', ');
  return {
    code: 'TENSOR_FILE_DTYPE_UNSUPPORTED',
    message: `Expected tensors of ${known} in ${file} but "${name}" is ${dtype}.`,
    hint: 'Convert it to float32 before saving.',
  };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
