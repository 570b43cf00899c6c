// What a stage is doing, as lines for its log: each phase and epoch, and once in a while between them.

import type { StageProgress } from '../launch/protocol.ts';
import { describeMetrics, describeProgress, shareDone } from '../launch/ui/progress-text.ts';

/** Inside an epoch, a line at most this often. */
const INTERVAL_MS = 10_000;

export interface StageLog {
  note(text: string): void;
  noteProgress(progress: StageProgress): void;
  noteEnd(metrics: { readonly [name: string]: number }): void;
}

/** Writes lines, each with the time. */
export function createStageLog(write: (line: string) => void): StageLog {
  let last = { key: '', atMs: Number.NEGATIVE_INFINITY };
  const note = (text: string) => write(`${new Date().toISOString()}  ${text}\n`);
  return {
    note,
    noteProgress: (progress) => {
      const key = `${progress.phase} ${progress.epoch ?? ''}`;
      const atMs = performance.now();
      if (key === last.key && atMs - last.atMs < INTERVAL_MS) return;
      last = { key, atMs };
      note(`${Math.floor(100 * shareDone(progress))}%  ${describeProgress(progress, undefined)}`);
    },
    noteEnd: (metrics) => note(`done  ${describeMetrics(metrics)}`.trimEnd()),
  };
}
