// A connection between every two ranks: each calls those before it, and is called by those behind it.

import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Problem, ProblemError } from '../../../core/problem.ts';
import type { Met } from '../rendezvous/attend.ts';
import { nameProcess, type Peer } from '../rendezvous/hello.ts';
import { isLoopback, type Rendezvous } from '../rendezvous/rendezvous.ts';
import { FrameKind } from './frame.ts';
import { Link } from './link.ts';

/** A port of this rank on which the others will call. */
export interface Doorway {
  readonly port: number;
  readonly server: Server;
}

/** To open before the ranks meet. Listens on this machine alone unless ranks may come from others. */
export function openDoorway({ host, acrossMachines = false }: Rendezvous): Promise<Doorway> {
  const server = createServer({ noDelay: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(acrossMachines ? { port: 0 } : { host, port: 0 }, () => {
      resolve({ server, port: (server.address() as { readonly port: number }).port });
    });
  });
}

interface Calling {
  readonly rendezvous: Rendezvous;
  readonly doorway: Doorway;
  readonly met: Met;
  readonly timeoutMs: number;
}

/** Links to the other ranks, by rank. */
export type Links = Map<number, Link>;

/** Connects this rank with all others, and closes the doorway. */
export async function connectMesh(calling: Calling): Promise<Links> {
  const links: Links = new Map();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ProblemError(explainLate(calling, links))), calling.timeoutMs);
    });
    await Promise.race([Promise.all([callEarlier(calling, links), awaitLater(calling, links)]), late]);
    return links;
  } catch (error) {
    for (const link of links.values()) link.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    calling.doorway.server.close();
  }
}

async function callEarlier({ rendezvous, met }: Calling, links: Links): Promise<void> {
  const { rank, host } = rendezvous;
  const calls = met.peers.slice(0, rank).map(async (peer) => {
    // Whoever came from a loopback address is on the machine of the meeting place.
    const link = new Link(await call(peer, isLoopback(peer.address) ? host : peer.address));
    link.trust();
    links.set(peer.rank, link);
    const greeting = Buffer.from(JSON.stringify({ session: met.session, rank }));
    await link.send({ kind: FrameKind.greeting, operation: 0, sequence: 0 }, greeting);
  });
  await Promise.all(calls);
}

function call(peer: Peer, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: peer.port, noDelay: true });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const place = `${host}:${peer.port}`;
      reject(new ProblemError(explainNoAnswer(peer, place, error.code ?? error.message)));
    });
    socket.once('connect', () => resolve(socket));
  });
}

function awaitLater({ rendezvous, doorway, met }: Calling, links: Links): Promise<void> {
  const { rank, ranks } = rendezvous;
  return new Promise((resolve) => {
    const resolveWhenAll = () => {
      if ([...links.keys()].filter((other) => other > rank).length === ranks - 1 - rank) resolve();
    };
    doorway.server.on('connection', (socket) => {
      hearGreeting(socket, met.session, (from, link) => {
        links.set(from, link);
        resolveWhenAll();
      });
    });
    resolveWhenAll();
  });
}

/** Hears who calls, and cuts off whoever is of no rank of this session. */
function hearGreeting(socket: Socket, session: string, onRank: (rank: number, link: Link) => void): void {
  const link = new Link(socket);
  let isGreeted = false;
  link.listen({
    onEnd: () => {},
    onFrame: ({ kind, payload }) => {
      const greeting = kind === FrameKind.greeting && !isGreeted ? parseGreeting(payload) : undefined;
      if (greeting?.session !== session) return link.destroy();
      isGreeted = true;
      link.trust();
      link.pause();
      onRank(greeting.rank!, link);
    },
  });
}

function parseGreeting(
  payload: Uint8Array,
): { readonly session?: string; readonly rank?: number } | undefined {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}

function explainNoAnswer(peer: Peer, place: string, reason: string): Problem {
  return {
    code: 'RENDEZVOUS_NO_ANSWER',
    message: `Expected rank ${peer.rank} (${nameProcess(peer)}) to answer on ${place} but it does not (${reason}).`,
    hint: 'Where it has ended, see its log. Across machines, every rank must be reachable from every other on all ports.',
  };
}

function explainLate({ rendezvous, met, timeoutMs }: Calling, links: Links): Problem {
  const missing = met.peers.filter((peer) => peer.rank !== rendezvous.rank && !links.has(peer.rank));
  const names = missing.map((peer) => `rank ${peer.rank} (${nameProcess(peer)})`).join(', ');
  return {
    code: 'RENDEZVOUS_NO_CALL',
    message: `Expected every rank to be connected with rank ${rendezvous.rank} within ${timeoutMs / 1000} s but there is no connection with ${names}.`,
    hint: 'Across machines, every rank must be reachable from every other on all ports. A larger launch.stallTimeout waits longer.',
  };
}
