// TensorBoard's event files as bytes: protocol buffers (tensorflow/core/util/event.proto, the fields that are used
// here) in TFRecord frames: length, its checksum, the message, its checksum.

import { Crc32c } from '@aws-crypto/crc32c';
import protobuf from 'protobufjs/light.js';

/** One event; the fields that TensorBoard's scalars and images need. */
export interface TrackedEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly SummaryValue[] };
  /** Status 1 is START: what earlier files say of this step and later ones no longer counts. */
  readonly sessionLog?: { readonly status: number };
}

export interface SummaryValue {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly image?: ImageValue;
}

/** An image of `colorspace` channels as an encoded file. */
interface ImageValue {
  readonly height: number;
  readonly width: number;
  readonly colorspace: number;
  readonly encodedImageString: Uint8Array;
}

const proto = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: 'double', id: 1 },
        step: { type: 'int64', id: 2 },
        fileVersion: { type: 'string', id: 3 },
        summary: { type: 'Summary', id: 5 },
        sessionLog: { type: 'SessionLog', id: 7 },
      },
    },
    Summary: { fields: { value: { rule: 'repeated', type: 'Value', id: 1 } } },
    Value: {
      oneofs: { value: { oneof: ['simpleValue', 'image'] } }, // so that a 0 is written
      fields: {
        tag: { type: 'string', id: 1 },
        simpleValue: { type: 'float', id: 2 },
        image: { type: 'Image', id: 4 },
      },
    },
    Image: {
      fields: {
        height: { type: 'int32', id: 1 },
        width: { type: 'int32', id: 2 },
        colorspace: { type: 'int32', id: 3 },
        encodedImageString: { type: 'bytes', id: 4 },
      },
    },
    SessionLog: { fields: { status: { type: 'int32', id: 1 } } },
  },
}).lookupType('Event');

/** Renders an event in its frame. */
export function renderFrame(event: TrackedEvent): Buffer {
  const message = proto.encode(proto.create(event)).finish();
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeBigUInt64LE(BigInt(message.length), 0);
  frame.writeUInt32LE(maskChecksum(frame.subarray(0, 8)), 8);
  frame.set(message, 12);
  frame.writeUInt32LE(maskChecksum(message), 12 + message.length);
  return frame;
}

/** Bytes of a frame around its message. */
const FRAME_BYTES = 16;

/** Splits a file into its frames; ends before the first that is torn or damaged. */
export function splitFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (const frame of walkFrames(bytes)) {
    const end = frame.length - 4;
    const isSound =
      frame.readUInt32LE(8) === maskChecksum(frame.subarray(0, 8)) &&
      frame.readUInt32LE(end) === maskChecksum(frame.subarray(12, end));
    if (!isSound) break;
    frames.push(frame);
  }
  return frames;
}

/** Frames by their lengths; ends before the first that is torn. */
function* walkFrames(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (bytes.length - at >= FRAME_BYTES) {
    const length = bytes.readBigUInt64LE(at);
    if (length > BigInt(bytes.length - at - FRAME_BYTES)) return;
    const end = at + FRAME_BYTES + Number(length);
    yield bytes.subarray(at, end);
    at = end;
  }
}

/**
 * When the events at the beginning of `bytes` were written, and how many bytes each takes. Nothing is checked: for whoever
 * follows a file that is being written.
 */
export function readWallTimes(bytes: Buffer): { readonly seconds: number; readonly bytes: number }[] {
  const times: { seconds: number; bytes: number }[] = [];
  for (const frame of walkFrames(bytes)) {
    if (frame.length < FRAME_BYTES + WALL_TIME_BYTES) break;
    times.push({ seconds: frame.readDoubleLE(13), bytes: frame.length });
  }
  return times;
}

/** A message begins with its first field: its number, then a double. */
const WALL_TIME_BYTES = 9;

/** CRC-32C, turned and moved as TFRecord wants it, so that the checksum of data with checksums in it is another. */
function maskChecksum(bytes: Uint8Array): number {
  const checksum = new Crc32c().update(bytes).digest() >>> 0;
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
