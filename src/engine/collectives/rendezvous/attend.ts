// One rank's way to the others: it comes to the meeting place (rank 0 may have to open it first), says who it
// is, and hears who they are.

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Problem, ProblemError } from '../../../core/problem.ts';
import type { Hello, Peer, RefusalOrPeers } from './hello.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { type MeetingPlace, openMeetingPlace } from './meeting-place.ts';
import type { Rendezvous } from './rendezvous.ts';

/** Between two tries to reach a meeting place that is not open yet. */
const RETRY_MS = 100;

/** All ranks, in their order, and a secret that only they share. */
export interface Met {
  readonly session: string;
  readonly peers: readonly Peer[];
}

/** Meets the other ranks. Throws a RENDEZVOUS_... problem where they can't. */
export async function attend(rendezvous: Rendezvous, hello: Hello, timeoutMs: number): Promise<Met> {
  const deadline = Date.now() + timeoutMs;
  const place = await openOwnPlace(rendezvous, timeoutMs);
  try {
    const socket = await reach(rendezvous, deadline);
    return await introduce(socket, hello, { rendezvous, timeoutMs: timeoutMs + GRACE_MS });
  } finally {
    place?.close();
  }
}

/** Time for the meeting place to say itself who is missing. */
const GRACE_MS = 5000;

/** Where rank 0 holds the meeting place, and this is rank 0. */
async function openOwnPlace(rendezvous: Rendezvous, timeoutMs: number): Promise<MeetingPlace | undefined> {
  const { rank, ranks, host, port, token, heldByRank0, acrossMachines = false } = rendezvous;
  if (!heldByRank0 || rank !== 0) return undefined;
  return openMeetingPlace({ ranks, timeoutMs, host, port, token, acrossMachines });
}

/** Tries until somebody listens there. */
async function reach(rendezvous: Rendezvous, deadline: number): Promise<Socket> {
  for (;;) {
    const attempt = await connectOnce(rendezvous);
    if (!(attempt instanceof Error)) return attempt;
    if (Date.now() + RETRY_MS > deadline) throw new ProblemError(explainUnreachable(rendezvous, attempt));
    await sleep(RETRY_MS);
  }
}

function connectOnce({ host, port }: Rendezvous): Promise<Socket | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('error', resolve);
    socket.once('connect', () => {
      socket.off('error', resolve);
      socket.on('error', () => {}); // What goes wrong later shows in its end.
      resolve(socket);
    });
  });
}

interface Meeting {
  readonly rendezvous: Rendezvous;
  readonly timeoutMs: number;
}

function introduce(socket: Socket, hello: Hello, meeting: Meeting): Promise<Met> {
  return new Promise<Met>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(), meeting.timeoutMs);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new ProblemError(explainSilence(meeting.rendezvous)));
    });
    readJsonLines(socket, (value) => {
      const answer = value as RefusalOrPeers;
      if (answer.type === 'met') resolve(answer);
      else reject(new ProblemError(answer.problem));
      socket.destroy();
    });
    writeJsonLine(socket, hello);
  });
}

function explainUnreachable({ host, port, rank }: Rendezvous, error: NodeJS.ErrnoException): Problem {
  return {
    code: 'RENDEZVOUS_UNREACHABLE',
    message: `Expected rank ${rank} to reach the meeting place ${host}:${port} but nobody listens there (${error.code ?? error.message}).`,
    hint: 'Rank 0 opens it: see its log. Across machines, its port must be reachable.',
  };
}

function explainSilence({ host, port, rank }: Rendezvous): Problem {
  return {
    code: 'RENDEZVOUS_TURNED_AWAY',
    message: `Expected rank ${rank} to meet the others at ${host}:${port} but whoever listens there ended the connection.`,
    hint: 'Another program, another job, or a rank 0 that ended: see its log. Two jobs on one machine need different ports.',
  };
}
