import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { MetricsRow } from '../../src/runs/metrics-log.ts';
import { cutMetricsLog } from '../../src/runs/metrics-log.ts';
import { renderFrame, splitFrames } from '../../src/tracking/event-format.ts';
import { openTrackedLog, trackResult } from '../../src/tracking/track-metrics.ts';
import { makeFolder } from '../helpers/make-record.ts';

const row = (step: number): MetricsRow => ({ step, epoch: 0, split: 'train', loss: step / 8, acc1: null });

function readFrames(folder: string, kind: string): Buffer[] {
  const names = readdirSync(folder).filter((name) => name.includes('tfevents') && name.endsWith(`.${kind}`));
  expect(names).toHaveLength(1);
  return splitFrames(readFileSync(path.join(folder, names[0]!)));
}

test('a frame has the bytes that TensorFlow writes', () => {
  // By TensorBoard's RecordWriter, of event_pb2.Event(wall_time=1.5, step=3, summary={tag "a", simple_value 2}).
  const frame = renderFrame({ wallTime: 1.5, step: 3, summary: { value: [{ tag: 'a', simpleValue: 2 }] } });
  expect(frame.toString('hex')).toBe(
    '1700000000000000e7cef81e09000000000000f83f10032a0a0a080a01611500000040e81c3a9d',
  );
});

test('a file ends before the first frame that is torn or damaged', () => {
  const frames = [1, 2, 3].map((step) => renderFrame({ wallTime: step, step }));
  const whole = Buffer.concat(frames);
  expect(splitFrames(whole)).toEqual(frames);
  expect(splitFrames(whole.subarray(0, -1))).toEqual(frames.slice(0, 2));
  for (let bit = 0; bit < 8 * whole.length; bit += 5) {
    const damaged = Buffer.from(whole);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const frame = Math.floor((bit >> 3) / frames[0]!.length);
    expect(splitFrames(damaged)).toEqual(frames.slice(0, frame));
  }
});

test('a log that goes on from a checkpoint tells TensorBoard the rows before it, with their times, and no later ones', () => {
  const folder = makeFolder();
  const file = path.join(folder, 'metrics.jsonl');
  const killed = openTrackedLog(file);
  killed.append(row(10));
  const mark = killed.mark(10);
  killed.append(row(20));
  killed.close();
  const before = readFrames(folder, 'metrics');
  appendFileSync(path.join(folder, readdirSync(folder).find((name) => name.endsWith('.metrics'))!), 'torn');
  cutMetricsLog(file, mark);
  const log = openTrackedLog(file);
  expect(readFrames(folder, 'metrics')).toEqual(before.slice(0, -1));
  log.append(row(30));
  log.close();
  expect(readFrames(folder, 'metrics')).toHaveLength(before.length);
});

test('the result of a stage that runs again replaces the one before', () => {
  const folder = makeFolder();
  trackResult(folder, { top1: 50 });
  trackResult(folder, { top1: 60 });
  const frames = readFrames(folder, 'result');
  expect(frames).toHaveLength(3);
  const value = Buffer.alloc(4);
  value.writeFloatLE(60);
  expect(frames[2]!.includes(Buffer.concat([Buffer.from('result/top1')]))).toBe(true);
  expect(frames[2]!.includes(value)).toBe(true);
});

test('a stage without metrics leaves no file', () => {
  const folder = makeFolder();
  trackResult(folder, {});
  expect(readdirSync(folder)).toEqual([]);
});
