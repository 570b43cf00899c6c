// The classes of failures, in one table: by what an error or a death is known, what it is called, what to do about
// it, and whether to start again from the last checkpoint or to stop. Problems of any other code stop a stage.

import { LOST_PEER_CODES, type StageProblem } from './protocol.ts';

interface FailureClass {
  /** Codes of the problems that belong to it; the first is given to what `signs` recognises. */
  readonly codes: readonly string[];
  /** Whether it may pass by itself: then the stage is started again. */
  readonly retry: boolean;
  /** By what an error that is no problem yet is known: its message, and the code of a system call in it. */
  readonly signs?: RegExp;
  readonly rule: string;
  readonly hint: string;
}

/** The first class whose signs are there counts. */
const classes: readonly FailureClass[] = [
  {
    codes: ['STAGE_DEVICE_OUT_OF_MEMORY'],
    // The same batch needs the same memory.
    retry: false,
    signs: /CUDA out of memory|CUDA error: out of memory|CU(DNN|BLAS)_STATUS_ALLOC_FAILED/i,
    rule: 'the device to have memory for the stage',
    hint: 'Lower batchSize and the learning rate with it, or use precision bf16.',
  },
  {
    codes: ['STAGE_OUT_OF_MEMORY', 'ENGINE_OUT_OF_MEMORY'],
    retry: false,
    signs:
      /std::bad_alloc|DefaultCPUAllocator|heap out of memory|allocation failed|Invalid (typed )?array (buffer )?length|Out of memory|ENOMEM|WebAssembly\.Memory/i,
    rule: 'the machine to have memory for the stage',
    hint: 'Lower batchSize, or use fewer workers with --devices cpu:N.',
  },
  {
    codes: ['STAGE_DEVICE_LOST'],
    retry: true,
    signs: /CUDA error|cudaError|NCCL|cuDNN error|GPU is lost|unspecified launch failure/i,
    rule: 'the device to go on computing',
    hint: '`nvidia-smi` and `dmesg` may say why. Where it happens again, leave the device out with --devices.',
  },
  {
    codes: ['DISK_FULL'],
    // Nobody makes room within minutes; what was written before is whole.
    retry: false,
    signs: /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/,
    rule: 'room on the disk',
    hint: 'Nothing that was finished is lost. Make room, then run again: it goes on from the last checkpoint.',
  },
  {
    codes: ['STAGE_READ_FAILED'],
    retry: true,
    signs: /\b(EIO|ESTALE|ETIMEDOUT|EREMOTEIO|ENOTCONN|EHOSTDOWN)\b/,
    rule: 'the disk or the network drive to give what is asked of it',
    hint: 'The storage may be down for a while, or a disk may be failing: `dmesg` may say.',
  },
  // Problems that name themselves.
  { codes: ['LAUNCH_WORKER_KILLED', 'LAUNCH_OUT_OF_MEMORY'], retry: true, rule: '', hint: '' },
  { codes: ['LAUNCH_STALLED', 'RANK_STALLED', 'RENDEZVOUS_RANKS_MISSING'], retry: true, rule: '', hint: '' },
  { codes: LOST_PEER_CODES, retry: true, rule: '', hint: '' },
];

/** Whether a failure may pass, so that the stage is worth another start. */
export function isWorthRetrying({ code }: StageProblem): boolean {
  return classes.some(({ codes, retry }) => retry && codes.includes(code));
}

/** Whether a failure is one of too little memory, on the machine or on a device. */
export function isOfMemory({ code }: StageProblem): boolean {
  return code.endsWith('OUT_OF_MEMORY');
}

/** The problem behind an error's message, or behind the last words of a process; undefined where no class knows it. */
export function recogniseFailure(message: string): StageProblem | undefined {
  const found = classes.find(({ signs }) => signs?.test(message));
  if (!found) return undefined;
  const fact = message.split('\n').find((line) => found.signs!.test(line)) ?? message;
  return {
    code: found.codes[0]!,
    message: `Expected ${found.rule} but the error was: ${fact.trim().slice(0, 300)}`,
    hint: found.hint,
  };
}

/** How a stage's failures have gone so far. */
export interface FailureHistory {
  /** Starts again since it last came further. */
  readonly retries: number;
  /** How far it has come at most in each phase, as a share. */
  readonly furthest: ReadonlyMap<string, number>;
}

export const NO_FAILURES: FailureHistory = { retries: 0, furthest: new Map() };

/** Where a stage was when it failed. */
export interface Reached {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/** Coming further by less than this share of the work is no reason to count anew. */
const FURTHER = 0.01;
const MAX_DELAY_MS = 600_000;

/** What to do after another failure: start again after a while, or stop (`delayMs` is absent). */
export function decideRetry(
  history: FailureHistory,
  { problem, reached }: { readonly problem: StageProblem; readonly reached: Reached | undefined },
  { retries, retryDelay }: { readonly retries: number; readonly retryDelay: number },
): { readonly history: FailureHistory; readonly delayMs?: number } {
  const share = reached && reached.total > 0 ? reached.done / reached.total : 0;
  const before = reached ? history.furthest.get(reached.phase) : undefined;
  const cameFurther = before !== undefined && share >= before + FURTHER;
  const furthest = new Map(history.furthest);
  if (reached) furthest.set(reached.phase, Math.max(before ?? 0, share));
  const done = cameFurther ? 0 : history.retries;
  if (!isWorthRetrying(problem) || done >= retries) return { history: { retries: done, furthest } };
  return {
    history: { retries: done + 1, furthest },
    delayMs: Math.min(MAX_DELAY_MS, 1000 * retryDelay * 2 ** done),
  };
}
