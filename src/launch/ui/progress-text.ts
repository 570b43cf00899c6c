// Progress in words: epoch, meters, speed, and the time that is left at the pace so far.

import type { ProgressLike } from '../../core/events.ts';
import { formatDuration } from '../../plan/format-quantity.ts';

/** Meters that people watch, in their order; the others are in metrics.jsonl. */
const SHOWN: readonly (readonly [meter: string, label: string])[] = [
  ['loss', 'loss'],
  ['acc1', 'acc@1'],
];

/** Tells how long a stage's phase will still take. */
export interface PaceTracker {
  /** Milliseconds left; undefined until two reports of one phase were seen. */
  estimateLeftMs(progress: ProgressLike, nowMs: number): number | undefined;
}

export function createPaceTracker(): PaceTracker {
  let first: { readonly phase: string; readonly done: number; readonly atMs: number } | undefined;
  return {
    estimateLeftMs: ({ phase, done, total }, nowMs) => {
      if (first?.phase !== phase || done < first.done) first = { phase, done, atMs: nowMs };
      const finished = done - first.done;
      return finished > 0 ? ((total - done) * (nowMs - first.atMs)) / finished : undefined;
    },
  };
}

/** `epoch 3/10  loss 5.123  acc@1 20.1  412 images/s  ETA 1m 20s` */
export function describeProgress(progress: ProgressLike, leftMs: number | undefined): string {
  const { phase, epoch, epochs, meters, imagesPerSecond } = progress;
  const shown = SHOWN.flatMap(([meter, label]) => {
    const value = meters[meter];
    return value === undefined ? [] : [`${label} ${value.toPrecision(4)}`];
  });
  const parts = [
    epoch === undefined ? phase : `epoch ${epoch}/${epochs}`,
    ...shown,
    ...(imagesPerSecond === undefined ? [] : [`${Math.round(imagesPerSecond)} images/s`]),
    ...(leftMs === undefined ? [] : [`ETA ${formatDuration(leftMs)}`]),
  ];
  return parts.join('  ');
}

/** Share of the phase that is done, 0 to 1. */
export function shareDone({ done, total }: ProgressLike): number {
  return total > 0 ? Math.min(1, done / total) : 0;
}

/** `top-1 67.50`: the numbers a stage ended with that belong into a line. */
export function describeMetrics(metrics: { readonly [name: string]: number }): string {
  const labels = [['top1', 'top-1'], ...SHOWN] as const;
  return labels
    .flatMap(([name, label]) =>
      metrics[name] === undefined ? [] : [`${label} ${metrics[name].toPrecision(4)}`],
    )
    .join('  ');
}
