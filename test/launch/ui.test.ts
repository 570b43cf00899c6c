import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { createJsonUi } from '../../src/launch/ui/json.ts';
import { createPlainUi } from '../../src/launch/ui/plain.ts';
import { createPaceTracker } from '../../src/launch/ui/progress-text.ts';

const progress = (done: number, epoch: number): RunEvent => ({
  type: 'stage-progress',
  id: 'mocov2/trial-1/pretrain',
  progress: {
    phase: 'train',
    done,
    total: 1000,
    epoch,
    epochs: 10,
    meters: { loss: 5.12345, acc1: 12.5, lr: 0.06 },
    imagesPerSecond: 250.4,
  },
});

const events: readonly (readonly [number, RunEvent])[] = [
  [
    0,
    {
      type: 'run-started',
      experiment: 'quickstart',
      folder: '/runs/quickstart',
      devices: ['cpu:0', 'cpu:1'],
      stages: [
        { id: 'mocov2/trial-1/pretrain', kind: 'pretrain', state: 'to-run', reason: 'never run', needs: [] },
        {
          id: 'mocov1/trial-1/pretrain',
          kind: 'pretrain',
          state: 'up-to-date',
          reason: 'up to date',
          needs: [],
        },
      ],
    },
  ],
  [0, { type: 'stage-started', id: 'mocov2/trial-1/pretrain', device: 'cpu:0', reason: 'never run' }],
  [1000, progress(0, 1)],
  [5000, progress(100, 1)],
  [11_000, progress(250, 3)],
  [12_000, { type: 'stage-warning', id: 'mocov2/trial-1/pretrain', message: 'the queue is large' }],
  [
    60_000,
    {
      type: 'stage-finished',
      id: 'mocov2/trial-1/pretrain',
      durationMs: 60_000,
      metrics: { loss: 4.2, acc1: 30 },
    },
  ],
  [
    61_000,
    {
      type: 'stage-failed',
      id: 'mocov2/trial-1/knn',
      problem: { code: 'STAGE_KNN_BANK_TOO_SMALL', message: 'Expected k to be at most 5.', hint: 'Lower k.' },
      logTail: ['line 1', 'line 2'],
      logFile: '/runs/log.txt',
    },
  ],
  [61_000, { type: 'stage-skipped', id: 'report', because: 'mocov2/trial-1/knn failed' }],
  [62_000, { type: 'run-stopping', reason: 'SIGINT' }],
  [62_000, { type: 'stage-interrupted', id: 'mocov1/trial-2/pretrain' }],
  [
    62_000,
    { type: 'run-finished', done: 1, upToDate: 1, failed: 1, skipped: 1, interrupted: 1, durationMs: 62_000 },
  ],
];

test('plain: a line for everything that happens, progress every ten seconds', () => {
  let now = 0;
  let text = '';
  const ui = createPlainUi(
    (part) => {
      text += part;
    },
    () => now,
  );
  for (const [at, event] of events) {
    now = at;
    ui.onEvent(event);
  }
  expect(text).toMatchInlineSnapshot(`
    "quickstart: 1 stage to run, 1 up to date, on cpu:0, cpu:1
    started  mocov2/trial-1/pretrain on cpu:0 (never run)
      mocov2/trial-1/pretrain  25%  epoch 3/10  loss 5.123  acc@1 12.50  250 images/s  ETA 30s
    warning  mocov2/trial-1/pretrain: the queue is large
    done     mocov2/trial-1/pretrain in 1m  loss 4.200  acc@1 30.00
    FAILED   mocov2/trial-1/knn
      STAGE_KNN_BANK_TOO_SMALL
      Expected k to be at most 5.
        hint: Lower k.
      last lines of /runs/log.txt:
        | line 1
        | line 2
    skipped  report: mocov2/trial-1/knn failed
    Stopping: no new stages; running ones write what they need to go on and stop. Ctrl-C again kills them.
    stopped  mocov1/trial-2/pretrain
    1 done, 1 up to date, 1 failed, 1 skipped, 1 stopped in 1m 2s
    "
  `);
});

test('json: the events themselves, one a line', () => {
  const lines: string[] = [];
  const ui = createJsonUi((line) => lines.push(line));
  for (const [, event] of events) ui.onEvent(event);
  expect(lines.every((line) => line.endsWith('\n') && !line.slice(0, -1).includes('\n'))).toBe(true);
  expect(lines.map((line) => JSON.parse(line))).toEqual(events.map(([, event]) => event));
});

test('the time left follows the pace of the phase', () => {
  const pace = createPaceTracker();
  const at = (done: number, phase = 'train') => ({ phase, done, total: 100, meters: {} });
  expect(pace.estimateLeftMs(at(10), 1000)).toBeUndefined();
  expect(pace.estimateLeftMs(at(30), 3000)).toBe(7000);
  expect(pace.estimateLeftMs(at(50, 'validate'), 4000)).toBeUndefined();
});
