// The table of failures: what is recognised, in whole text, and what is started again.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  decideRetry,
  isWorthRetrying,
  NO_FAILURES,
  recogniseFailure,
} from '../../src/launch/failure-policy.ts';
import { countMemoryKills, readMemoryLimit } from '../../src/launch/memory-evidence.ts';
import { hintAtBatchSizes, suggestBatchSizes } from '../../src/launch/suggest-batch.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';
import { makeFolder } from '../helpers/make-record.ts';

const CUDA_MEMORY =
  'CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 8.00 GiB total capacity; 7.00 GiB already allocated; 0.5 GiB free)';

test.each([
  [
    CUDA_MEMORY,
    'STAGE_DEVICE_OUT_OF_MEMORY',
    'Expected the device to have memory for the stage but the error was: ',
    'Lower batchSize and the learning rate with it, or use precision bf16.',
    false,
  ],
  [
    'std::bad_alloc',
    'STAGE_OUT_OF_MEMORY',
    'Expected the machine to have memory for the stage but the error was: ',
    'Lower batchSize, or use fewer workers with --devices cpu:N.',
    false,
  ],
  [
    'CUDA error: unspecified launch failure',
    'STAGE_DEVICE_LOST',
    'Expected the device to go on computing but the error was: ',
    '`nvidia-smi` and `dmesg` may say why. Where it happens again, leave the device out with --devices.',
    true,
  ],
  [
    'ENOSPC: no space left on device, write',
    'DISK_FULL',
    'Expected room on the disk but the error was: ',
    'Nothing that was finished is lost. Make room, then run again: it goes on from the last checkpoint.',
    false,
  ],
  [
    'EIO: i/o error, read',
    'STAGE_READ_FAILED',
    'Expected the disk or the network drive to give what is asked of it but the error was: ',
    'The storage may be down for a while, or a disk may be failing: `dmesg` may say.',
    true,
  ],
])('%s is known for what it is', (error, code, message, hint, retried) => {
  const problem = recogniseFailure(`one line\n${error}\nanother`)!;
  expect(problem).toEqual({ code, message: `${message}${error}`, hint });
  expect(isWorthRetrying(problem)).toBe(retried);
});

test('an error of ours is a bug, not a failure of the machine', () => {
  expect(recogniseFailure("TypeError: Cannot read properties of undefined (reading 'x')")).toBeUndefined();
});

test.each([
  'STAGE_LOSS_NOT_FINITE',
  'STAGE_WEIGHTS_NOT_FINITE',
  'DATA_TOO_MANY_BAD_IMAGES',
  'DATA_IMAGE_UNREADABLE',
  'STAGE_CRASHED',
  'DISK_FULL',
  'ENGINE_OUT_OF_MEMORY',
])('%s is not tried again: it would happen again', (code) =>
  expect(isWorthRetrying({ code, message: '' })).toBe(false),
);

test.each(['LAUNCH_WORKER_KILLED', 'LAUNCH_OUT_OF_MEMORY', 'LAUNCH_STALLED', 'RANK_LOST'])(
  '%s may pass',
  (code) => expect(isWorthRetrying({ code, message: '' })).toBe(true),
);

test('each wait is twice the one before, up to ten minutes, and their number has an end', () => {
  const failed = { problem: { code: 'LAUNCH_STALLED', message: '' }, reached: undefined };
  const delays: (number | undefined)[] = [];
  let history = NO_FAILURES;
  for (let i = 0; i < 9; i++) {
    const next = decideRetry(history, failed, { retries: 8, retryDelay: 10 });
    history = next.history;
    delays.push(next.delayMs);
  }
  expect(delays).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000, undefined]);
});

test('the count begins anew where the stage came further, and not where it did by next to nothing', () => {
  const fail = (done: number) => ({
    problem: { code: 'LAUNCH_STALLED', message: '' },
    reached: { phase: 'train', done, total: 1000 },
  });
  const once = decideRetry(NO_FAILURES, fail(100), { retries: 1, retryDelay: 0 });
  expect(once.delayMs).toBe(0);
  expect(decideRetry(once.history, fail(105), { retries: 1, retryDelay: 0 }).delayMs).toBeUndefined();
  expect(decideRetry(once.history, fail(110), { retries: 1, retryDelay: 0 }).delayMs).toBe(0);
});

test('batch sizes that would fit are halves, as many as what was measured asks for', () => {
  expect(suggestBatchSizes(512, undefined)).toEqual([256, 128]);
  expect(suggestBatchSizes(512, { peakBytes: 16e9, limitBytes: 8e9 })).toEqual([128, 64]);
  expect(suggestBatchSizes(4, { peakBytes: 16e9, limitBytes: 16e9 })).toEqual([2]);
  expect(suggestBatchSizes(3, undefined)).toEqual([]);
});

test('the hint about memory names them, from what CUDA says or from what the worker had told', () => {
  const stage = compilePlan(makeExperiment(), {}).stages.find(({ kind }) => kind === 'pretrain')!;
  expect(hintAtBatchSizes(recogniseFailure(CUDA_MEMORY)!, stage, undefined).hint).toBe(
    'Batch sizes that would fit: 256, 128, estimated from the 9.7 GB that batch 512 took. Scale optimizer.lr with it.',
  );
  const killed = { code: 'LAUNCH_OUT_OF_MEMORY', message: '' };
  expect(hintAtBatchSizes(killed, stage, { peakBytes: 8e9, limitBytes: 4e9 }).hint).toBe(
    'Batch sizes that would fit: 128, 64, estimated from the 8.0 GB that batch 512 took. Scale optimizer.lr with it.',
  );
});

test('kills for memory and limits are read from the control group and from the machine', () => {
  const root = makeFolder();
  expect(countMemoryKills(root)).toBeNull();
  const write = (file: string, text: string) => {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  write('proc/vmstat', 'pgfault 7\noom_kill 2\n');
  expect(countMemoryKills(root)).toBe(2);
  write('proc/self/cgroup', '0::/job\n');
  write('sys/fs/cgroup/job/memory.events', 'low 0\noom 4\noom_kill 3\n');
  write('sys/fs/cgroup/job/memory.max', '1000000\n');
  expect(countMemoryKills(root)).toBe(3);
  expect(readMemoryLimit(root)).toBe(1_000_000);
});
