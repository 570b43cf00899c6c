// Renders a zip archive piece by piece: stored entries, each aligned as PyTorch's own writer aligns them,
// so that torch.load can map it. Nothing is held but the directory; zip64 where sizes ask for it.

import { crc32 } from 'node:zlib';
import {
  CENTRAL_BYTES,
  CENTRAL_SIGNATURE,
  END_BYTES,
  END_SIGNATURE,
  END64_BYTES,
  END64_SIGNATURE,
  LOCAL_BYTES,
  LOCAL_SIGNATURE,
  LOCATOR64_BYTES,
  LOCATOR64_SIGNATURE,
  MAX16,
  MAX32,
  UTF8,
  ZIP64_FIELD,
} from './zip-format.ts';

/** An entry to write. Its bytes are asked for once, when its turn comes. */
export interface ZipSource {
  readonly name: string;
  readonly read: () => Uint8Array;
}

/** PyTorch's: tensors begin at multiples of 64 bytes. */
const ALIGNMENT = 64;
/** PyTorch's id of the extra field that fills up to it: "FB". */
const PADDING_FIELD = 0x4246;
/** DOS's first day, 1 January 1980: the same content gives the same bytes. */
const DATE = 0x0021;
/** Version of the format that readers need: 4.5, zip64. */
const VERSION = 45;

interface Placed {
  readonly name: Buffer;
  readonly crc: number;
  readonly size: number;
  readonly start: number;
}

/**
 * The archive's bytes, front to back.
 *
 * @param commentBytes length of the comment that the caller puts behind them
 */
export function* renderZip(
  sources: Iterable<ZipSource>,
  { commentBytes = 0 }: { readonly commentBytes?: number } = {},
): Generator<Uint8Array, void, undefined> {
  const entries: Placed[] = [];
  let position = 0;
  for (const { name, read } of sources) {
    const bytes = read();
    const entry = { name: Buffer.from(name), crc: crc32(bytes), size: bytes.length, start: position };
    const header = renderLocal(entry);
    yield header;
    yield bytes;
    position += header.length + bytes.length;
    entries.push(entry);
  }
  const directory = entries.map(renderCentral);
  yield* directory;
  const end = renderEnd(
    entries.length,
    directory.reduce((sum, { length }) => sum + length, 0),
    position,
  );
  end.writeUInt16LE(commentBytes, end.length - 2);
  yield end;
}

function renderLocal(entry: Placed): Buffer {
  const { name, start } = entry;
  const wide = entry.size >= MAX32 ? renderWide([entry.size, entry.size]) : Buffer.alloc(0);
  const bare = start + LOCAL_BYTES + name.length + wide.length;
  // A field takes at least the 4 bytes of its own header.
  const missing = (ALIGNMENT - ((bare + 4) % ALIGNMENT)) % ALIGNMENT;
  const padding = Buffer.alloc(4 + missing, 'Z');
  padding.writeUInt16LE(PADDING_FIELD, 0);
  padding.writeUInt16LE(missing, 2);
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL_SIGNATURE, 0);
  header.writeUInt16LE(VERSION, 4);
  writeCommon(header.subarray(6), entry);
  header.writeUInt16LE(wide.length + padding.length, 28);
  return Buffer.concat([header, name, wide, padding]);
}

function renderCentral(entry: Placed): Buffer {
  const { name, size, start } = entry;
  const wide = [...(size >= MAX32 ? [size, size] : []), ...(start >= MAX32 ? [start] : [])];
  const extra = wide.length > 0 ? renderWide(wide) : Buffer.alloc(0);
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL_SIGNATURE, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  writeCommon(header.subarray(8), entry);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(Math.min(start, MAX32), 42);
  return Buffer.concat([header, name, extra]);
}

/** The fields that both headers have, from the flags to the name's length. */
function writeCommon(fields: Buffer, { name, crc, size }: Placed): void {
  fields.writeUInt16LE(UTF8, 0);
  fields.writeUInt16LE(DATE, 6);
  fields.writeUInt32LE(crc, 8);
  fields.writeUInt32LE(Math.min(size, MAX32), 12);
  fields.writeUInt32LE(Math.min(size, MAX32), 16);
  fields.writeUInt16LE(name.length, 20);
}

function renderWide(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(8 * values.length, 2);
  for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  return field;
}

function renderEnd(count: number, size: number, start: number): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END_SIGNATURE, 0);
  end.writeUInt16LE(Math.min(count, MAX16), 8);
  end.writeUInt16LE(Math.min(count, MAX16), 10);
  end.writeUInt32LE(Math.min(size, MAX32), 12);
  end.writeUInt32LE(Math.min(start, MAX32), 16);
  if (count < MAX16 && size < MAX32 && start < MAX32) return end;
  const end64 = Buffer.alloc(END64_BYTES);
  end64.writeUInt32LE(END64_SIGNATURE, 0);
  end64.writeBigUInt64LE(BigInt(END64_BYTES - 12), 4);
  end64.writeUInt16LE(VERSION, 12);
  end64.writeUInt16LE(VERSION, 14);
  for (const [offset, value] of [
    [24, count],
    [32, count],
    [40, size],
    [48, start],
  ] as const) {
    end64.writeBigUInt64LE(BigInt(value), offset);
  }
  const locator = Buffer.alloc(LOCATOR64_BYTES);
  locator.writeUInt32LE(LOCATOR64_SIGNATURE, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}
