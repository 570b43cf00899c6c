// The scheduler over thousands of random graphs, with a clock of its own: no processes, no waiting.

import { describe, expect, test } from 'vitest';
import { type Rng, stream } from '../../src/core/rng.ts';
import type { Device } from '../../src/launch/device-pool.ts';
import { runSchedule, type StageEnd } from '../../src/launch/scheduler.ts';
import type { StageDecisions } from '../../src/plan/stage-decision.ts';
import type { Stage, StageGraph } from '../../src/plan/stage-graph.ts';
import { makeExperiment } from '../helpers/make-experiment.ts';

type FailureMode = 'continue' | 'no-new' | 'kill';

interface Started {
  readonly stage: Stage;
  readonly devices: readonly Device[];
  readonly from: number;
  until: number;
  end?: StageEnd;
}

/** Runs a graph on a virtual clock. `outcome` gives each stage's duration and whether it fails. */
async function simulate(given: {
  readonly stages: readonly Stage[];
  readonly devices: number;
  readonly failureMode?: FailureMode;
  readonly upToDate?: ReadonlySet<string>;
  readonly outcome: (stage: Stage) => {
    readonly duration: number;
    readonly fails: boolean;
    /** It may pass: started again after this time. */
    readonly retryAfter?: number;
  };
  readonly stopAt?: number;
}) {
  const { stages, outcome, upToDate = new Set() } = given;
  const log: Started[] = [];
  const skipped: [string, string][] = [];
  const open = new Map<Started, (end: StageEnd) => void>();
  const resting = new Set<{ readonly until: number; readonly then: () => void }>();
  const stop = new AbortController();
  const kill = new AbortController();
  let now = 0;
  const decisions: StageDecisions = new Map(
    stages.map(({ id }) => [
      id,
      upToDate.has(id) ? { state: 'up-to-date', reason: '' } : { state: 'to-run', reason: '' },
    ]),
  );
  const close = (entry: Started, end: StageEnd) => {
    entry.until = now;
    entry.end = end;
    const resolve = open.get(entry);
    open.delete(entry);
    resolve?.(end);
  };
  const schedule = runSchedule({
    graph: { experiment: makeExperiment(), stages } satisfies StageGraph,
    decisions,
    devices: Array.from({ length: given.devices }, (_, i) => ({ name: `cpu:${i}`, kind: 'cpu', cores: 1 })),
    failureMode: given.failureMode ?? 'continue',
    startStage: (stage, devices) => {
      const entry: Started = { stage, devices, from: now, until: now + outcome(stage).duration };
      log.push(entry);
      const ended = new Promise<StageEnd>((resolve) => open.set(entry, resolve));
      return { ended, stop: () => close(entry, 'interrupted'), kill: () => close(entry, 'interrupted') };
    },
    onSkipped: ({ id }, because) => skipped.push([id, because]),
    wait: (ms, then) => {
      const rest = { until: now + ms, then };
      resting.add(rest);
      return { cancel: () => void resting.delete(rest) };
    },
    stop: stop.signal,
    kill: kill.signal,
  });
  let finished = false;
  const finish = () => {
    finished = true;
  };
  schedule.then(finish, finish);
  for (;;) {
    for (let i = 0; i < 5; i++) await Promise.resolve();
    if (finished || open.size + resting.size === 0) break;
    const next = findNext([...open.keys()]);
    const rest = findNext([...resting]);
    const at = Math.min(next?.until ?? Number.POSITIVE_INFINITY, rest?.until ?? Number.POSITIVE_INFINITY);
    if (given.stopAt !== undefined && at > given.stopAt && !stop.signal.aborted) {
      now = given.stopAt;
      stop.abort();
      continue;
    }
    now = at;
    if (rest?.until === at) {
      resting.delete(rest);
      rest.then();
      continue;
    }
    const { fails, retryAfter } = outcome(next!.stage);
    const failure = retryAfter === undefined ? 'failed' : { retryAfterMs: retryAfter };
    close(next!, fails ? failure : 'done');
  }
  return { summary: await schedule, log, skipped };
}

function findNext<T extends { readonly until: number }>(entries: readonly T[]): T | undefined {
  return entries.reduce<T | undefined>(
    (first, entry) => (first && first.until <= entry.until ? first : entry),
    undefined,
  );
}

function makeStage(id: string, needs: readonly string[], devices = 1): Stage {
  return {
    id,
    kind: 'pretrain',
    needs,
    config: { kind: 'report', experiment: makeExperiment() },
    identity: {},
    seed: 0,
    cost: { steps: 0, images: 0, diskBytes: 0, devices },
    fingerprint: '',
  };
}

/** A random graph in dependency order; three in ten stages compute nothing, the others take up to `widest` devices. */
function drawStages(rng: Rng, { count, widest }: { count: number; widest: number }): Stage[] {
  return Array.from({ length: count }, (_, i) => {
    const needs = Array.from({ length: i }, (_, j) => `s${j}`).filter(() => rng.uniform() < 2 / (i + 1));
    return makeStage(`s${i}`, needs, rng.uniform() < 0.7 ? 1 + rng.integer(widest) : 0);
  });
}

/** A random graph over `devices` devices, with a duration for each stage; half of them have failures. */
function drawCase(seed: number, { devices, count }: { devices?: number; count?: number }, widest?: number) {
  const rng = stream(seed, 'scheduler');
  const available = devices ?? 1 + rng.integer(6);
  const stages = drawStages(rng, { count: count ?? 1 + rng.integer(30), widest: widest ?? available });
  const failing = rng.uniform() < 0.5 ? 0.15 : 0;
  const outcomes = new Map(
    stages.map(({ id }) => [id, { duration: 1 + rng.integer(20), fails: rng.uniform() < failing }]),
  );
  return { stages, devices: available, outcome: ({ id }: Stage) => outcomes.get(id)! };
}

const suites = [
  ['250 random graphs of stages that take one or more devices', 250, {}, undefined],
  ['20 graphs of 100 stages over 4 devices, one a stage', 20, { devices: 4, count: 100 }, 1],
] as const;

describe.each(suites)('over %s', (_, many, size, widest) => {
  const cases = Array.from({ length: many }, (_, seed) => drawCase(seed, size, widest));

  test('a stage has as many devices as it needs, and no device has two stages', async () => {
    for (const given of cases) {
      const { log } = await simulate(given);
      for (const { stage, devices } of log) {
        if (stage.cost.devices === 0) expect(devices.map(({ name }) => name)).toEqual(['host']);
        else expect(new Set(devices).size).toBe(stage.cost.devices);
      }
      for (let i = 0; i < given.devices; i++) {
        const users = log.filter(({ devices }) => devices.some(({ name }) => name === `cpu:${i}`));
        for (const a of users) {
          expect(users.every((b) => b === a || b.until <= a.from || a.until <= b.from)).toBe(true);
        }
      }
    }
  });

  test('inputs are done before a stage starts', async () => {
    for (const given of cases) {
      const { log } = await simulate(given);
      for (const entry of log) {
        const before = log.filter(({ stage }) => entry.stage.needs.includes(stage.id));
        expect(before.every(({ end, until }) => end === 'done' && until <= entry.from)).toBe(true);
        expect(before.length).toBe(entry.stage.needs.length);
      }
    }
  });

  test('every stage ends exactly once, and what depends on a failure is skipped', async () => {
    for (const given of cases) {
      const { log, skipped, summary } = await simulate(given);
      const ids = [...log.map(({ stage }) => stage.id), ...skipped.map(([id]) => id)];
      expect(ids.toSorted()).toEqual(given.stages.map(({ id }) => id).toSorted());
      const lost = new Set(log.filter(({ end }) => end === 'failed').map(({ stage }) => stage.id));
      for (const stage of given.stages) if (stage.needs.some((need) => lost.has(need))) lost.add(stage.id);
      expect(summary.failed + summary.skipped).toBe(lost.size);
      expect(summary.done).toBe(given.stages.length - lost.size);
    }
  });

  test('no device idles that the next ready stage could take', async () => {
    for (const given of cases) {
      const { log } = await simulate(given);
      const onDevices = log.filter(({ stage }) => stage.cost.devices > 0);
      const readyAt = ({ stage }: Started) =>
        Math.max(0, ...stage.needs.map((need) => log.find((entry) => entry.stage.id === need)!.until));
      for (const late of onDevices) {
        for (let t = readyAt(late); t < late.from; t++) {
          const free =
            given.devices -
            onDevices
              .filter(({ from, until }) => from <= t && t < until)
              .reduce((sum, { stage }) => sum + stage.cost.devices, 0);
          // The first in the graph's order of those that wait at this time.
          const turn = given.stages
            .map(({ id }) => onDevices.find(({ stage }) => stage.id === id))
            .find((entry) => entry && readyAt(entry) <= t && t < entry.from)!;
          expect(free).toBeLessThan(turn.stage.cost.devices);
        }
      }
    }
  });

  test('the order is the same every time', async () => {
    for (const given of cases.slice(0, 50)) {
      const [first, second] = [await simulate(given), await simulate(given)];
      const order = ({ log }: typeof first) =>
        log.map(({ stage, devices }) => `${stage.id} ${devices.map(({ name }) => name)}`);
      expect(order(second)).toEqual(order(first));
    }
  });
});

test('a wide stage is not starved by narrow ones, however many there are', async () => {
  const narrow = Array.from({ length: 40 }, (_, i) => makeStage(`n${i}`, []));
  const stages = [narrow[0]!, narrow[1]!, makeStage('wide', ['n0'], 2), ...narrow.slice(2)];
  // Never two narrow ones end at the same time.
  const outcome = ({ id }: Stage) => ({ duration: id === 'n0' ? 3 : id === 'wide' ? 4 : 5, fails: false });
  const { log } = await simulate({ stages, devices: 2, outcome });
  const wide = log.findIndex(({ stage }) => stage.id === 'wide');
  expect(log.slice(0, wide).map(({ stage }) => stage.id)).toEqual(['n0', 'n1']);
});

const chain = [makeStage('a', []), makeStage('b', ['a']), makeStage('c', []), makeStage('d', [])];
const aFails = ({ id }: Stage) => ({ duration: id === 'a' ? 1 : 5, fails: id === 'a' });

test('continue: siblings of a failed stage run on, and what needs it is skipped with the reason', async () => {
  const { log, skipped } = await simulate({ stages: chain, devices: 2, outcome: aFails });
  expect(log.map(({ stage, end }) => `${stage.id} ${end}`)).toEqual(['a failed', 'c done', 'd done']);
  expect(skipped).toEqual([['b', 'a failed']]);
});

test('no-new: running stages end, none starts', async () => {
  const given = { stages: chain, devices: 2, failureMode: 'no-new', outcome: aFails } as const;
  const { log, skipped } = await simulate(given);
  expect(log.map(({ stage, end }) => `${stage.id} ${end}`)).toEqual(['a failed', 'c done']);
  expect(skipped).toEqual([
    ['b', 'a failed'],
    ['d', 'another stage failed (failureMode no-new)'],
  ]);
});

test('kill: running stages are killed', async () => {
  const given = { stages: chain, devices: 2, failureMode: 'kill', outcome: aFails } as const;
  const { log, summary } = await simulate(given);
  expect(log.map(({ stage, end, until }) => `${stage.id} ${end} ${until}`)).toEqual([
    'a failed 1',
    'c interrupted 1',
  ]);
  expect(summary).toMatchObject({ failed: 1, interrupted: 1, skipped: 2 });
});

test('a stop lets nothing start any more', async () => {
  const outcome = () => ({ duration: 5, fails: false });
  const { log, skipped, summary } = await simulate({ stages: chain, devices: 1, outcome, stopAt: 7 });
  expect(log.map(({ stage, end }) => `${stage.id} ${end}`)).toEqual(['a done', 'b interrupted']);
  expect(skipped).toEqual([
    ['c', 'the run was stopped'],
    ['d', 'the run was stopped'],
  ]);
  expect(summary).toEqual({ done: 1, upToDate: 0, failed: 0, skipped: 2, interrupted: 1 });
});

test('stages that are up to date do not run, and what needs them does', async () => {
  const outcome = () => ({ duration: 5, fails: false });
  const given = { stages: chain, devices: 1, outcome, upToDate: new Set(['a', 'c', 'd']) };
  const { log, summary } = await simulate(given);
  expect(log.map(({ stage }) => stage.id)).toEqual(['b']);
  expect(summary).toMatchObject({ done: 1, upToDate: 3 });
});

test('a stage that cannot be started ends the run with its error', async () => {
  const outcome = () => {
    throw new Error('no such folder');
  };
  await expect(simulate({ stages: chain, devices: 1, outcome })).rejects.toThrow('no such folder');
});

describe('a failure that may pass', () => {
  /** `a` fails twice, and then does not. */
  const flaky = () => {
    let tries = 0;
    return ({ id }: Stage) => ({ duration: 5, fails: id === 'a' && tries++ < 2, retryAfter: 20 });
  };
  /** `outcome` is asked at the start too, for the duration. */
  const twice = () => {
    const seen = new Map<string, number>();
    return ({ id }: Stage) => {
      const asked = seen.get(id) ?? 0;
      seen.set(id, asked + 1);
      return { duration: 5, fails: id === 'a' && asked < 4, retryAfter: 20 };
    };
  };

  test('its stage is started again after the wait, and its device serves others meanwhile', async () => {
    const { log, summary } = await simulate({ stages: chain, devices: 1, outcome: twice() });
    expect(log.map(({ stage, from, end }) => [stage.id, from, end === 'done'])).toEqual([
      ['a', 0, false],
      ['c', 5, true],
      ['d', 10, true],
      ['a', 25, false],
      ['a', 50, true],
      ['b', 55, true],
    ]);
    expect(summary).toEqual({ done: 4, upToDate: 0, failed: 0, skipped: 0, interrupted: 0 });
  });

  test('a stop ends the wait: nothing is started again', async () => {
    const { log, summary } = await simulate({
      stages: chain.slice(0, 2),
      devices: 1,
      outcome: flaky(),
      stopAt: 10,
    });
    expect(log).toHaveLength(1);
    expect(summary).toEqual({ done: 0, upToDate: 0, failed: 0, skipped: 1, interrupted: 1 });
  });

  test('another stage that fails for good with failureMode no-new ends the wait too', async () => {
    const outcome = ({ id }: Stage) =>
      id === 'a' ? { duration: 1, fails: true, retryAfter: 100 } : { duration: 5, fails: id === 'c' };
    const { log, summary } = await simulate({ stages: chain, devices: 2, failureMode: 'no-new', outcome });
    expect(log.map(({ stage }) => stage.id)).toEqual(['a', 'c', 'd']);
    expect(summary).toEqual({ done: 1, upToDate: 0, failed: 1, skipped: 1, interrupted: 1 });
  });
});

test('10,000 stages with failures and restarts: each succeeds exactly once, after all it needs', async () => {
  const rng = stream(1, 'large-graph');
  const stages = Array.from({ length: 10_000 }, (_, i) => {
    const needs = new Set(
      Array.from({ length: rng.integer(4) }, () => Math.floor(i * rng.uniform() ** 0.25)),
    );
    return makeStage(
      `s${i}`,
      i === 0 ? [] : [...needs].map((need) => `s${need}`),
      rng.uniform() < 0.7 ? 1 : 0,
    );
  });
  const done = new Map<string, number>();
  let [starts, runs] = [0, 0];
  // A runner is stopped or gives up again and again; what the next one finds is what was done before.
  while (done.size < stages.length) {
    runs++;
    const outcomes = new Map<Stage, { duration: number; fails: boolean; retryAfter?: number }>();
    const draw = () => {
      const failing = rng.uniform();
      return {
        duration: 1 + rng.integer(9),
        fails: failing < 0.1,
        ...(failing < 0.08 ? { retryAfter: rng.integer(50) } : {}),
      };
    };
    const isOver = runs < 12;
    const { log } = await simulate({
      stages,
      devices: 64,
      upToDate: new Set(done.keys()),
      outcome: (stage) => {
        const drawn = outcomes.get(stage);
        outcomes.delete(stage);
        if (drawn) return drawn;
        const next = draw();
        outcomes.set(stage, next);
        return next;
      },
      ...(isOver ? { stopAt: 20 + rng.integer(200) } : {}),
    });
    starts += log.length;
    for (const { stage, end } of log.filter(({ end }) => end === 'done')) {
      expect(done.has(stage.id), `${stage.id} ${end} twice`).toBe(false);
      expect(
        stage.needs.every((need) => done.has(need)),
        stage.id,
      ).toBe(true);
      done.set(stage.id, runs);
    }
  }
  expect(done.size).toBe(10_000);
  // There were restarts and failures, or this would prove nothing.
  expect(runs).toBeGreaterThan(5);
  expect(starts).toBeGreaterThan(10_500);
}, 60_000);
