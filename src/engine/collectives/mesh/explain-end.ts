// Why the ranks can no longer work together, in words.

import type { Problem } from '../../../core/problem.ts';
import { nameProcess, type Peer } from '../rendezvous/hello.ts';

export function explainLost(peer: Peer, reason: string): Problem {
  return {
    code: 'RANK_LOST',
    message: `Expected all ranks to train to the end but rank ${peer.rank} (${nameProcess(peer)}) is gone: ${reason}.`,
    hint: 'The failure is that rank’s: see its log. One that was killed has none; often the system ran out of memory.',
  };
}

export function explainStall(peers: readonly Peer[], operation: string, timeoutMs: number): Problem {
  const names = peers.map((peer) => `rank ${peer.rank} (${nameProcess(peer)})`).join(', ');
  return {
    code: 'RANK_STALLED',
    message: `Expected all ranks to come to ${operation} within ${timeoutMs / 1000} s but ${names} did not.`,
    hint: 'See its log: it may hang, or its machine may be much slower. A larger launch.stallTimeout waits longer.',
  };
}

/** What the others are told where the fault is ours. */
export function explainBug(rank: number, error: Error): Problem {
  return {
    code: 'RANK_LOST',
    message: `Expected all ranks to train to the end but rank ${rank} gave up: ${error.message}`,
    hint: 'This is a bug. Please report it with the logs of all ranks.',
  };
}
