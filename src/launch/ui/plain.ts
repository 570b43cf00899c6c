// A line for everything that happens, for logs and CI. A running stage speaks at most every ten seconds.

import type { RunEvent } from '../../core/events.ts';
import { formatAmount, formatDuration } from '../../plan/format-quantity.ts';
import {
  createPaceTracker,
  describeMetrics,
  describeProgress,
  type PaceTracker,
  shareDone,
} from './progress-text.ts';
import type { Ui } from './ui.ts';

const PROGRESS_INTERVAL_MS = 10_000;

interface Watched {
  readonly pace: PaceTracker;
  shownAtMs: number;
}

/** @param now clock in ms, for tests */
export function createPlainUi(write: (text: string) => void, now: () => number = Date.now): Ui {
  const running = new Map<string, Watched>();
  const say = (line: string) => write(`${line}\n`);
  const onProgress = ({ id, progress }: Extract<RunEvent, { type: 'stage-progress' }>) => {
    const watched = running.get(id);
    if (!watched) return;
    const leftMs = watched.pace.estimateLeftMs(progress, now());
    if (now() - watched.shownAtMs < PROGRESS_INTERVAL_MS) return;
    watched.shownAtMs = now();
    say(`  ${id}  ${Math.floor(100 * shareDone(progress))}%  ${describeProgress(progress, leftMs)}`);
  };
  const onEvent = (event: RunEvent) => {
    switch (event.type) {
      case 'stage-progress':
        onProgress(event);
        break;
      case 'stage-started':
        running.set(event.id, { pace: createPaceTracker(), shownAtMs: now() });
        break;
      case 'stage-finished':
      case 'stage-failed':
      case 'stage-retrying':
      case 'stage-interrupted':
        running.delete(event.id);
    }
    for (const line of renderEvent(event)) say(line);
  };
  return { onEvent, close: async () => {} };
}

/** The lines of an event that is shown as it happens. */
export function renderEvent(event: RunEvent): string[] {
  switch (event.type) {
    case 'run-started': {
      const count = (state: string) => event.stages.filter((stage) => stage.state === state).length;
      const devices = event.devices.join(', ');
      return [
        `${event.experiment}: ${formatAmount(count('to-run'), 'stage')} to run, ${count('up-to-date')} up to date, on ${devices}`,
      ];
    }
    case 'stage-started':
      return [`started  ${event.id} on ${event.device} (${event.reason})`];
    case 'stage-warning':
      return [`warning  ${event.id}: ${event.message}`];
    case 'stage-finished': {
      const took = formatDuration(event.durationMs);
      return [`done     ${event.id} in ${took}  ${describeMetrics(event.metrics)}`.trimEnd()];
    }
    case 'stage-failed':
      return [`FAILED   ${event.id}`, ...renderFailure(event)];
    case 'stage-retrying': {
      const { id, retry, retries, delayMs, problem } = event;
      return [
        `retry    ${id} in ${formatDuration(delayMs)} (${retry} of ${retries}): ${problem.code}`,
        `  ${problem.message}`,
      ];
    }
    case 'stage-interrupted':
      return [`stopped  ${event.id}`];
    case 'stage-skipped':
      return [`skipped  ${event.id}: ${event.because}`];
    case 'run-warning': {
      const { code, message, hint } = event.problem;
      return [`warning  ${code}`, `  ${message}`, ...(hint ? [`    hint: ${hint}`] : [])];
    }
    case 'run-note':
      return [event.message];
    case 'run-stopping':
      return [describeStop(event.reason)];
    case 'run-finished': {
      const { done, upToDate, failed, skipped, interrupted, durationMs } = event;
      const stopped = interrupted > 0 ? `, ${interrupted} stopped` : '';
      return [
        `${done} done, ${upToDate} up to date, ${failed} failed, ${skipped} skipped${stopped} in ${formatDuration(durationMs)}`,
      ];
    }
    case 'stage-progress':
      return [];
  }
}

function describeStop(reason: string): string {
  const stop = 'no new stages; running ones write what they need to go on and stop.';
  return reason === 'SIGINT'
    ? `Stopping: ${stop} Ctrl-C again kills them.`
    : `Stopping on ${reason}: ${stop}`;
}

/** What went wrong, what to do, and the last lines of the log. */
export function renderFailure(event: Extract<RunEvent, { type: 'stage-failed' }>): string[] {
  const { problem, logTail, logFile } = event;
  return [
    `  ${problem.code}`,
    `  ${problem.message}`,
    ...(problem.hint ? [`    hint: ${problem.hint}`] : []),
    ...(logTail.length > 0
      ? [`  last lines of ${logFile}:`, ...logTail.map((line) => `    | ${line}`)]
      : [`  log: ${logFile}`]),
  ];
}
