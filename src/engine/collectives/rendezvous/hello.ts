// What a rank says about itself when it comes to the meeting place, and whether two ranks belong together.

import { explainChanges } from '../../../core/explain-changes.ts';
import type { Json } from '../../../core/hash.ts';
import type { Problem } from '../../../core/problem.ts';

/** Raised whenever what ranks say to each other changes. */
export const RANK_PROTOCOL_VERSION = 2;

export interface Hello {
  readonly protocolVersion: number;
  /** Of mocolab. */
  readonly version: string;
  readonly token: string;
  readonly rank: number;
  readonly ranks: number;
  readonly engine: string;
  /** Everything that the result depends on. */
  readonly config: { readonly [key: string]: Json };
  readonly host: string;
  /** The same for ranks that see each other's processes. */
  readonly machine: string;
  readonly pid: number;
  /** Where this rank listens for the others. */
  readonly port: number;
  /** Ways of this rank to exchange tensors, beside TCP. */
  readonly transports: readonly string[];
}

/** A rank as the others see it: what it said, and the address that it came from. */
export interface Peer extends Omit<Hello, 'config' | 'token'> {
  readonly address: string;
}

export type RefusalOrPeers =
  | { readonly type: 'refused'; readonly problem: Problem }
  | { readonly type: 'met'; readonly session: string; readonly peers: readonly Peer[] };

/** Why two ranks can't train together; undefined where they can. */
export function explainDifference(one: Hello, other: Hello): Problem | undefined {
  const [a, b] = one.rank <= other.rank ? [one, other] : [other, one];
  if (a.protocolVersion !== b.protocolVersion || a.version !== b.version) return explainVersions(a, b);
  if (a.ranks !== b.ranks) {
    return {
      code: 'RENDEZVOUS_OTHER_SIZE',
      message: `Expected all ranks to expect as many but rank ${a.rank} expects ${a.ranks} and rank ${b.rank} expects ${b.ranks}.`,
      hint: 'WORLD_SIZE must be the same for all, and two jobs on one machine need different ports.',
    };
  }
  if (a.rank === b.rank) {
    return {
      code: 'RENDEZVOUS_DUPLICATE_RANK',
      message: `Expected every rank once but rank ${a.rank} came twice: ${nameProcess(a)} and ${nameProcess(b)}.`,
      hint: 'RANK must differ from process to process, and two jobs on one machine need different ports.',
    };
  }
  return explainContent(a, b);
}

function explainVersions(a: Hello, b: Hello): Problem {
  const name = ({ version, protocolVersion }: Hello) => `${version} (protocol ${protocolVersion})`;
  return {
    code: 'RENDEZVOUS_OTHER_VERSION',
    message: `Expected all ranks to run one version of mocolab but rank ${a.rank} on ${a.host} runs ${name(a)} and rank ${b.rank} on ${b.host} runs ${name(b)}.`,
    hint: 'Install the same version on every machine.',
  };
}

function explainContent(a: Hello, b: Hello): Problem | undefined {
  if (a.engine !== b.engine) {
    return {
      code: 'RENDEZVOUS_OTHER_ENGINE',
      message: `Expected all ranks to run one engine but rank ${a.rank} on ${a.host} runs ${a.engine} and rank ${b.rank} on ${b.host} runs ${b.engine}.`,
      hint: 'Name the engine with --engine, and see `moco doctor` on each machine.',
    };
  }
  const changes = explainChanges(a.config, b.config);
  if (changes === '') return undefined;
  return {
    code: 'RENDEZVOUS_OTHER_CONFIG',
    message: `Expected all ranks to have one config but from rank ${a.rank} on ${a.host} to rank ${b.rank} on ${b.host} there differs: ${changes}.`,
    hint: 'Start every rank with the same file and options.',
  };
}

export function nameProcess({ pid, host }: Pick<Hello, 'pid' | 'host'>): string {
  return `process ${pid} on ${host}`;
}
