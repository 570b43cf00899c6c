// Where ranks find each other: a server on one port, held by the parent or by rank 0, until all ranks have come.
// It checks that they belong together and tells each who the others are; then it is gone. Loads no TensorFlow.

import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { type Problem, ProblemError } from '../../../core/problem.ts';
import { explainDifference, type Hello, type Peer, type RefusalOrPeers } from './hello.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';

export interface MeetingPlace {
  readonly host: string;
  readonly port: number;
  /** What ranks must say to be heard. */
  readonly token: string;
  /** Resolves when all ranks have met; rejects with why they can't. */
  readonly met: Promise<void>;
  close(): void;
}

export interface MeetingOptions {
  readonly ranks: number;
  /** How long the ranks may take to come, counted from now. */
  readonly timeoutMs: number;
  /** Absent: this machine's loopback. */
  readonly host?: string;
  /** Listens on all addresses of this machine, whatever `host` is called by others. */
  readonly acrossMachines?: boolean;
  /** Absent: any free one. */
  readonly port?: number;
  /** Absent: a random one. */
  readonly token?: string;
}

/** Opens a meeting place. Throws RENDEZVOUS_PORT where its port can't be had. */
export async function openMeetingPlace(options: MeetingOptions): Promise<MeetingPlace> {
  const { host = '127.0.0.1', port = 0, token = randomBytes(16).toString('hex') } = options;
  const server = createServer();
  await listen(server, { host, port, acrossMachines: options.acrossMachines ?? false });
  const meeting = new Meeting(server, { ...options, token });
  const bound = server.address() as { readonly port: number };
  return { host, port: bound.port, token, met: meeting.met, close: () => meeting.close() };
}

function listen(
  server: Server,
  { host, port, acrossMachines }: Required<Pick<MeetingOptions, 'host' | 'port' | 'acrossMachines'>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ProblemError(explainPort(`${host}:${port}`, error.code ?? error.message))),
    );
    server.listen(acrossMachines ? { port } : { host, port }, resolve);
  });
}

function explainPort(place: string, reason: string): Problem {
  const isTaken = reason === 'EADDRINUSE';
  return {
    code: 'RENDEZVOUS_PORT',
    message: `Expected rank 0 to listen on ${place} but ${isTaken ? 'another program does already' : `it can't (${reason})`}.`,
    hint: isTaken
      ? 'Choose a free port with MASTER_PORT, another for each job on this machine.'
      : 'MASTER_ADDR must be an address of the machine of rank 0, and MASTER_PORT a free port above 1023.',
  };
}

class Meeting {
  readonly met: Promise<void>;
  readonly #server: Server;
  readonly #options: MeetingOptions & { readonly token: string };
  readonly #come = new Map<number, { readonly hello: Hello; readonly socket: Socket }>();
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #end: (problem?: Problem) => void = () => {};

  constructor(server: Server, options: MeetingOptions & { readonly token: string }) {
    this.#server = server;
    this.#options = options;
    this.met = new Promise((resolve, reject) => {
      this.#end = (problem) => (problem ? reject(new ProblemError(problem)) : resolve());
    });
    this.met.catch(() => {}); // Whoever holds the place may look only once a rank has failed.
    this.#timer = setTimeout(() => this.#finish(this.#explainMissing()), options.timeoutMs);
    server.on('connection', (socket) => this.#welcome(socket));
    server.on('error', () => {});
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#server.close();
    for (const socket of this.#sockets) socket.destroySoon();
    this.#end();
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const [, { hello, socket: theirs }] of this.#come)
        if (theirs === socket) this.#finish(explainLeft(hello));
    });
    readJsonLines(socket, (value) => this.#hear(value as Hello, socket));
  }

  #hear(hello: Hello, socket: Socket): void {
    if (hello?.token !== this.#options.token) {
      socket.destroy(); // Of another job, or no rank at all.
      return;
    }
    const others = [...this.#come.values()];
    const problem = others.map((other) => explainDifference(other.hello, hello)).find(Boolean);
    if (problem) writeJsonLine(socket, { type: 'refused', problem } satisfies RefusalOrPeers);
    else this.#come.set(hello.rank, { hello, socket });
    if (problem) this.#finish(problem);
    else if (this.#come.size === this.#options.ranks) this.#finish();
  }

  /** Tells all who have come, and ends. */
  #finish(problem?: Problem): void {
    const come = [...this.#come.values()].sort((a, b) => a.hello.rank - b.hello.rank);
    this.#come.clear();
    const session = randomBytes(16).toString('hex');
    const peers = come.map(({ hello: { config, token, ...rest }, socket }): Peer => {
      return { ...rest, address: socket.remoteAddress ?? '' };
    });
    for (const { socket } of come) {
      const answer = problem ? { type: 'refused', problem } : { type: 'met', session, peers };
      writeJsonLine(socket, answer);
    }
    this.#end(problem);
    this.close();
  }

  #explainMissing(): Problem {
    const { ranks, timeoutMs } = this.#options;
    const missing = Array.from({ length: ranks }, (_, rank) => rank).filter((rank) => !this.#come.has(rank));
    return {
      code: 'RENDEZVOUS_RANKS_MISSING',
      message: `Expected ${ranks} ranks to meet within ${timeoutMs / 1000} s but ${missing.length === 1 ? 'rank' : 'ranks'} ${missing.join(', ')} did not come.`,
      hint: 'See the logs of these ranks. Across machines, the port of rank 0 must be reachable. A larger launch.stallTimeout waits longer.',
    };
  }
}

function explainLeft({ rank, pid, host }: Hello): Problem {
  return {
    code: 'RENDEZVOUS_RANK_LEFT',
    message: `Expected all ranks to meet but rank ${rank} (process ${pid} on ${host}) ended while it waited for the others.`,
    hint: 'The failure is that rank’s: see its log.',
  };
}
