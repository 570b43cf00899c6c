// Where the ranks of one stage meet, and who this one is: told by the parent, or by the environment that
// other launchers set (torchrun, srun, a Kubernetes PyTorchJob). Loads no TensorFlow.

import { type Problem, ProblemError } from '../../../core/problem.ts';
import { readSlurmStep } from './slurm-env.ts';

export interface Rendezvous {
  readonly host: string;
  readonly port: number;
  /** 0 to ranks - 1. */
  readonly rank: number;
  readonly ranks: number;
  /** What only this job's ranks know. Empty where an outside launcher chose the port. */
  readonly token: string;
  /** Whether rank 0 holds the meeting place; else the parent does. */
  readonly heldByRank0: boolean;
  /** Whether ranks may come from other machines; absent: none can. */
  readonly acrossMachines?: boolean;
}

/** The same, and which of the machine's ranks (and so of its devices) this one is. */
export interface LaunchedRank {
  readonly rendezvous: Rendezvous;
  readonly localRank: number;
  /** Ranks that share this machine's cores, as far as the launcher tells. */
  readonly localRanks: number;
  /** Cores that the launcher has given to this rank; absent: its share of the machine's. */
  readonly cores?: number;
}

const VARIABLES = ['MASTER_ADDR', 'MASTER_PORT', 'RANK', 'WORLD_SIZE'] as const;

/**
 * Reads MASTER_ADDR, MASTER_PORT, RANK, WORLD_SIZE, LOCAL_RANK (absent: 0) and LOCAL_WORLD_SIZE (absent: 1); without
 * RANK, what srun tells, where MASTER_ADDR and MASTER_PORT still count. Throws RENDEZVOUS_ENV with everything that is
 * missing or no number.
 */
export function readLaunchedRank(told: NodeJS.ProcessEnv): LaunchedRank {
  const env = told.RANK ? told : { ...readSlurmStep(told), ...told };
  const faults: string[] = VARIABLES.filter((name) => !env[name]).map((name) => `${name} is not set`);
  const read = (name: string, range: { readonly from: number; readonly to: number }): number => {
    const text = env[name] ?? '0';
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= range.from && number <= range.to) && env[name])
      faults.push(`${name} is "${text}", not a whole number from ${range.from} to ${range.to}`);
    return number;
  };
  const ranks = read('WORLD_SIZE', { from: 1, to: 65_536 });
  const last = Math.max(0, (ranks || 1) - 1);
  const rank = read('RANK', { from: 0, to: last });
  const localRank = read('LOCAL_RANK', { from: 0, to: last });
  const localRanks = env.LOCAL_WORLD_SIZE ? read('LOCAL_WORLD_SIZE', { from: 1, to: ranks || 1 }) : 1;
  const port = read('MASTER_PORT', { from: 1, to: 65_534 });
  if (faults.length > 0) throw new ProblemError(explainEnv(faults));
  // torchrun may keep a store of its own at MASTER_PORT, and says so; the next port is ours then.
  const isTaken = env.TORCHELASTIC_USE_AGENT_STORE === 'True';
  const host = env.MASTER_ADDR!;
  const rendezvous = {
    host,
    port: isTaken ? port + 1 : port,
    rank,
    ranks,
    token: '',
    heldByRank0: true,
    // A PyTorchJob tells rank 0 `localhost`, and the other machines its name: localhost alone proves nothing.
    acrossMachines: !(isLoopback(host) && localRanks === ranks),
  };
  // Slurm may let each task see no cores but its own.
  const cores = Number(env.SLURM_CPUS_PER_TASK);
  return { rendezvous, localRank, localRanks, ...(cores > 0 ? { cores } : {}) };
}

/** Whether an address reaches nothing but this machine. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.|^::1$|^localhost$/.test(address);
}

function explainEnv(faults: readonly string[]): Problem {
  return {
    code: 'RENDEZVOUS_ENV',
    message: `Expected the environment to say where the ranks meet but ${faults.join('; ')}.`,
    hint: 'torchrun --no_python and a PyTorchJob set these, and what srun tells does as well: start the ranks with one of them, not by hand.',
  };
}
