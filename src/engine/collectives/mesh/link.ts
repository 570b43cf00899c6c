// One connection to another rank: frames in and out. What comes before anybody listens is kept.

import type { Socket } from 'node:net';
import { encodeHeader, type Frame, type FrameHeader, FrameReader, type Place } from './frame.ts';

/** Of a caller that has not yet said who it is. */
const LONGEST_GREETING = 4096;
const LONGEST_FRAME = 2 ** 34;

export interface LinkListener {
  onFrame(frame: Frame): void;
  /** Absent: every frame gets new memory. */
  readonly place?: Place;
  /** The other end is gone, or spoke nonsense. */
  onEnd(reason: string): void;
}

export class Link {
  /** When the other end was last heard, by performance.now(). */
  heardAt = performance.now();
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #early: Frame[] = [];
  #listener: LinkListener | undefined;
  #reason = 'it closed the connection';
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const hear = (frame: Frame) => {
      if (this.#listener) this.#listener.onFrame(frame);
      else this.#early.push(frame);
    };
    this.#reader = new FrameReader(LONGEST_GREETING, hear, (header) => this.#listener?.place?.(header));
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#listener?.onEnd(this.#reason);
    });
  }

  /** From now on somebody listens; what came early is told first. */
  listen(listener: LinkListener): void {
    this.#listener = listener;
    for (const frame of this.#early.splice(0)) listener.onFrame(frame);
    if (this.#ended) listener.onEnd(this.#reason);
  }

  /** Nobody listens any more: what comes is kept again. */
  pause(): void {
    this.#listener = undefined;
  }

  /** This machine's address on the connection; undefined once it is gone. */
  get localAddress(): string | undefined {
    return this.#socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, '');
  }

  /** The other end is a rank of this job. */
  trust(): void {
    this.#reader.longest = LONGEST_FRAME;
  }

  /**
   * Resolves when the bytes are no longer needed; also where the connection breaks, which `onEnd` tells. Nothing is
   * sent after `close`: a socket that is written to after its end breaks, and what was said before may be lost.
   */
  async send(header: Omit<FrameHeader, 'bytes'>, payload: Uint8Array): Promise<void> {
    if (this.#closing) return;
    const bytes = payload.byteLength;
    const head = encodeHeader({ ...header, bytes });
    await new Promise<void>((resolve) => {
      if (bytes === 0) this.#socket.write(head, () => resolve());
      else {
        this.#socket.write(head);
        this.#socket.write(payload, () => resolve());
      }
    });
  }

  /**
   * Sends what was given to it and ends; stays to hear the other end until that ends too, because what it still
   * writes would break the connection before it has read why. Not for longer than `longestMs`: it may hang.
   */
  close(longestMs: number): Promise<void> {
    this.#closing ??= this.#farewell(longestMs);
    return this.#closing;
  }

  #farewell(longestMs: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), longestMs);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.end();
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    this.heardAt = performance.now();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#reason = `it sent ${error.message}`;
      this.#socket.destroy();
    }
  }
}
