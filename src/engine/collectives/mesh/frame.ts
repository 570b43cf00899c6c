// What ranks send each other: a header of 16 bytes, and as many bytes as it says. Little-endian.
// [0] what it is  [1] which operation  [4..8) number of the operation  [8..16) bytes that follow

export const FrameKind = {
  /** JSON: who is at this end of a new connection. */
  greeting: 0,
  /** What an operation needs from a rank first. */
  part: 1,
  /** What a rank has made of the parts. */
  result: 2,
  /** The sender closes, and owes nothing. */
  goodbye: 3,
  /** JSON, a problem: the sender gives up because of it. */
  abort: 4,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export interface FrameHeader {
  readonly kind: FrameKind;
  /** Number of the operation's kind; 0 where there is none. */
  readonly operation: number;
  /** Counts the operations of a rank, modulo 2^32. */
  readonly sequence: number;
  readonly bytes: number;
}

export interface Frame extends FrameHeader {
  /** Where `Place` wanted it, else in an ArrayBuffer of its own, so that any type of element fits. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Memory for the bytes of a frame that begins, as many as it has; undefined: new memory. */
export type Place = (header: FrameHeader) => Uint8Array<ArrayBuffer> | undefined;

const HEADER_BYTES = 16;

export function encodeHeader({ kind, operation, sequence, bytes }: FrameHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt8(operation, 1);
  header.writeUInt32LE(sequence, 4);
  header.writeDoubleLE(bytes, 8);
  return header;
}

/** Takes a stream of bytes apart into frames. */
export class FrameReader {
  /** Frames with more bytes throw a RangeError. */
  longest: number;
  readonly #onFrame: (frame: Frame) => void;
  readonly #place: Place;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #current: FrameHeader | undefined;
  #payload = new Uint8Array(0);
  #filled = 0;

  constructor(longest: number, onFrame: (frame: Frame) => void, place: Place = () => undefined) {
    this.longest = longest;
    this.#onFrame = onFrame;
    this.#place = place;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const into = this.#current ? this.#payload : this.#header;
      const taken = Math.min(into.length - this.#filled, chunk.length - at);
      into.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (!this.#current && this.#filled === HEADER_BYTES) this.#openFrame();
      if (this.#current && this.#filled === this.#payload.length) this.#deliver(this.#current);
    }
  }

  #openFrame(): void {
    const header = this.#header;
    const bytes = header.readDoubleLE(8);
    if (!(bytes >= 0 && bytes <= this.longest)) throw new RangeError(`a frame of ${bytes} bytes`);
    this.#current = {
      kind: header.readUInt8(0) as FrameKind,
      operation: header.readUInt8(1),
      sequence: header.readUInt32LE(4),
      bytes,
    };
    this.#payload = this.#place(this.#current) ?? new Uint8Array(bytes);
    this.#filled = 0;
  }

  #deliver(header: FrameHeader): void {
    const payload = this.#payload;
    this.#current = undefined;
    this.#filled = 0;
    this.#onFrame({ ...header, payload });
  }
}
