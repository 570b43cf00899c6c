// The ranks of one stage, connected. Every message is addressed by its operation's number, so that several may
// be under way; the first thing that goes wrong ends them all, on every rank, with the same problem.

import { type Problem, ProblemError } from '../../../core/problem.ts';
import type { Peer } from '../rendezvous/hello.ts';
import { isLoopback } from '../rendezvous/rendezvous.ts';
import type { Links } from './connect-mesh.ts';
import { explainBug, explainLost, explainStall } from './explain-end.ts';
import { type Frame, type FrameHeader, FrameKind } from './frame.ts';

/** Numbers of operations, as they stand in a frame. */
const operations = ['none', 'allReduceSum', 'allGather', 'broadcast', 'gatherValues'] as const;
export type Operation = (typeof operations)[number];

/**
 * How long a rank that closes stays to hear the others; a step of theirs may keep them from reading. Where one hangs,
 * what is wrong is told only after that, and before the parent's own watchdog gives up.
 */
const LONGEST_FAREWELL_MS = 10_000;

/** One call of an operation. */
export interface Call {
  readonly operation: Operation;
  readonly sequence: number;
}

export interface Message extends Call {
  readonly kind: typeof FrameKind.part | typeof FrameKind.result;
}

interface Pending {
  readonly peer: Peer;
  readonly message: Message;
  readonly since: number;
  /** Memory for the payload, where its length is known. */
  readonly room: Uint8Array<ArrayBuffer> | undefined;
  readonly resolve: (payload: Uint8Array<ArrayBuffer>) => void;
  readonly reject: (error: Error) => void;
}

export interface MeshOptions {
  readonly rank: number;
  readonly peers: readonly Peer[];
  readonly links: Links;
  /** How long another rank may let this one wait without sending anything. */
  readonly timeoutMs: number;
}

export class Mesh {
  readonly rank: number;
  readonly peers: readonly Peer[];
  readonly #links: Links;
  readonly #timeoutMs: number;
  readonly #come = new Map<string, Frame>();
  readonly #pending = new Map<string, Pending>();
  /** Ranks that have closed, with a goodbye. */
  readonly #left = new Set<number>();
  readonly #watchdog: NodeJS.Timeout;
  readonly #onFailure: ((error: Error) => void)[] = [];
  /** Hear which rank has left; undefined: all have failed. */
  readonly #onEnd: ((left?: number) => void)[] = [];
  #failure: Error | undefined;
  #isClosing = false;
  #sequence = 0;

  constructor({ rank, peers, links, timeoutMs }: MeshOptions) {
    this.rank = rank;
    this.peers = peers;
    this.#links = links;
    this.#timeoutMs = timeoutMs;
    for (const [from, link] of links) {
      link.listen({
        onFrame: (frame) => this.#hear(from, frame),
        onEnd: (why) => this.#lose(from, why),
        place: (header) => this.#place(from, header),
      });
    }
    this.#watchdog = setInterval(() => this.#checkStall(), Math.min(1000, timeoutMs / 20)).unref();
  }

  get ranks(): number {
    return this.peers.length;
  }

  /** The other ranks. */
  get others(): number[] {
    return this.peers.map(({ rank }) => rank).filter((rank) => rank !== this.rank);
  }

  /** This machine's address as the other ranks reach it: a loopback address only where all are on this machine. */
  get address(): string {
    const own = [...this.#links.values()].map(({ localAddress = '127.0.0.1' }) => localAddress);
    return own.find((address) => !isLoopback(address)) ?? own[0]!;
  }

  get #farewellMs(): number {
    return Math.min(LONGEST_FAREWELL_MS, this.#timeoutMs / 10);
  }

  /** Numbers a call: the same on every rank, because all call the same in the same order. */
  begin(operation: Operation): Call {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return { operation, sequence: this.#sequence };
  }

  /** Resolves when the payload may be overwritten. What goes wrong, `receive` tells. */
  async send(to: number, message: Message, payload: Uint8Array): Promise<void> {
    if (!this.#failure) await this.#links.get(to)!.send(toHeader(message), payload);
  }

  /** `room`: where the payload is put, if it has that length and had not begun to come before. */
  receive(from: number, message: Message, room?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const key = keyOf(from, message);
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const since = performance.now();
      this.#pending.set(key, { peer: this.peers[from]!, message, since, room, resolve, reject });
      this.#deliver(key);
      if (this.#left.has(from)) this.#checkLeft(from);
    });
  }

  /** Tells when the ranks can no longer work together; at once where that is so already. */
  onFailure(listener: (error: Error) => void): void {
    if (this.#failure) listener(this.#failure);
    else this.#onFailure.push(listener);
  }

  /** Why the ranks can no longer work together. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when a rank is known to have left, or all has failed; or when it has had the time to tell. */
  hearEnd({ rank }: Peer): Promise<void> {
    if (this.#failure || this.#left.has(rank)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#farewellMs);
      this.#onEnd.push((left) => {
        if (left !== undefined && left !== rank) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Ends all because these ranks let the others wait for too long. */
  failByStall(peers: readonly Peer[], operation: Operation): void {
    this.fail(new ProblemError(explainStall(peers, operation, this.#timeoutMs)));
  }

  /** Ends all because this rank has closed while it still owed something. */
  failByLeaving(peer: Peer): void {
    this.fail(new ProblemError(explainLost(peer, 'it has ended its work')));
  }

  /** Ends all that is under way, here and, where it is a problem, on the other ranks. */
  fail(error: Error): void {
    if (this.#failure || this.#isClosing) return;
    this.#failure = error;
    this.#rejectAll(error);
    for (const listener of this.#onFailure) listener(error);
    for (const listener of this.#onEnd) listener();
    clearInterval(this.#watchdog);
    const problem = error instanceof ProblemError ? error.problems[0]! : explainBug(this.rank, error);
    const text = Buffer.from(JSON.stringify(problem));
    for (const link of this.#links.values()) {
      void link.send({ kind: FrameKind.abort, operation: 0, sequence: 0 }, text);
      void link.close(this.#farewellMs);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    clearInterval(this.#watchdog);
    this.#rejectAll(new Error('The collectives were closed.'));
    this.#failure ??= new Error('The collectives were closed.');
    const closings = [...this.#links.values()].map(async (link) => {
      void link.send({ kind: FrameKind.goodbye, operation: 0, sequence: 0 }, new Uint8Array(0));
      await link.close(this.#farewellMs);
    });
    await Promise.all(closings);
  }

  #rejectAll(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#come.clear();
    for (const { reject } of pending) reject(error);
  }

  #hear(from: number, frame: Frame): void {
    if (this.#failure) return;
    if (frame.kind === FrameKind.goodbye) {
      this.#leave(from);
    } else if (frame.kind === FrameKind.abort) {
      this.fail(new ProblemError(JSON.parse(Buffer.from(frame.payload).toString()) as Problem));
    } else {
      const key = keyOf(from, frame);
      this.#come.set(key, frame);
      if (this.#pending.has(key)) this.#deliver(key);
    }
  }

  #place(from: number, header: FrameHeader): Uint8Array<ArrayBuffer> | undefined {
    const room = this.#pending.get(keyOf(from, header))?.room;
    return room?.length === header.bytes ? room : undefined;
  }

  #deliver(key: string): void {
    const frame = this.#come.get(key);
    const pending = this.#pending.get(key);
    if (!frame || !pending) return;
    this.#come.delete(key);
    this.#pending.delete(key);
    const { message, peer, resolve } = pending;
    const theirs = operations[frame.operation];
    if (theirs === message.operation) resolve(frame.payload);
    else {
      const what = `rank ${peer.rank} called ${theirs} where rank ${this.rank} called ${message.operation}`;
      const error = new Error(`Operation ${message.sequence}: ${what}.`);
      pending.reject(error);
      this.fail(error);
    }
  }

  /** A rank that has left owes nothing more. */
  #leave(from: number): void {
    this.#left.add(from);
    this.#checkLeft(from);
    for (const listener of this.#onEnd) listener(from);
  }

  #lose(from: number, reason: string): void {
    if (this.#left.has(from)) this.#leave(from);
    else this.fail(new ProblemError(explainLost(this.peers[from]!, reason)));
  }

  #checkLeft(from: number): void {
    const isOwing = [...this.#pending.values()].some(({ peer }) => peer.rank === from);
    if (isOwing) this.failByLeaving(this.peers[from]!);
  }

  #checkStall(): void {
    const now = performance.now();
    const stalled = [...this.#pending.values()].filter(({ peer, since }) => {
      return now - Math.max(since, this.#links.get(peer.rank)!.heardAt) > this.#timeoutMs;
    });
    if (stalled.length === 0) return;
    this.failByStall([...new Set(stalled.map(({ peer }) => peer))], stalled[0]!.message.operation);
  }
}

function toHeader({ kind, operation, sequence }: Message): Omit<FrameHeader, 'bytes'> {
  return { kind, operation: operations.indexOf(operation), sequence };
}

function keyOf(
  from: number,
  { sequence, kind }: { readonly sequence: number; readonly kind: number },
): string {
  return `${from}:${sequence}:${kind}`;
}
