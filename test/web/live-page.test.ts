// How often a page is looked at and drawn, by a clock of its own.

import { expect, test } from 'vitest';
import { type Clock, PageCache } from '../../src/web/live-page.ts';

const LOOK_MS = 10;
const DRAW_MS = 100;

/** A page that shows a number, and what it has cost so far. `othersMs`: time that others have the processor in a look. */
function makePage({ othersMs = 0 } = {}) {
  const counts = { looks: 0, drawings: 0, shown: 1 };
  let [now, computed] = [0, 0];
  const clock: Clock = { nowMs: () => now, computedMs: () => computed };
  const pages = new PageCache(clock);
  const compute = (ms: number) => {
    computed += ms;
    now += ms;
  };
  const open = () => {
    counts.looks++;
    compute(LOOK_MS);
    now += othersMs;
    const shown = String(counts.shown);
    const render = () => {
      counts.drawings++;
      compute(DRAW_MS);
      return shown;
    };
    return { stamp: shown, render };
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { counts, wait, ask: () => pages.get('/', open)!.body };
}

test('a page that has not changed is looked at, not drawn', () => {
  const { counts, wait, ask } = makePage();
  ask();
  wait(1000);
  expect(ask()).toBe('1');
  expect(counts).toMatchObject({ looks: 2, drawings: 1 });
});

test('the first drawing, which reads all files, does not delay the second', () => {
  const { counts, wait, ask } = makePage();
  ask();
  counts.shown = 2;
  wait(4 * LOOK_MS - 1);
  expect(ask()).toBe('1');
  wait(1);
  expect(ask()).toBe('2');
});

test('however often it is asked for, a page that changes all the time takes a fifth of a processor', () => {
  const { counts, wait, ask } = makePage();
  ask();
  const drawn: number[] = [];
  for (let ms = 0; ms < 11_000; ms++) {
    counts.shown++;
    const before = counts.drawings;
    ask();
    if (counts.drawings > before) drawn.push(ms);
    wait(1);
  }
  // A drawing of 110 ms, then 440 ms of rest, in which the loop turns.
  expect(counts.drawings).toBe(1 + Math.ceil((11_000 - 4 * LOOK_MS) / (4 * (LOOK_MS + DRAW_MS))));
  expect(drawn[1]! - drawn[0]!).toBe(4 * (LOOK_MS + DRAW_MS));
});

test('time in which others had the processor does not delay it', () => {
  const { counts, wait, ask } = makePage({ othersMs: 5000 });
  ask();
  counts.shown = 2;
  wait(4 * LOOK_MS);
  expect(ask()).toBe('2');
});
