// What an MLflow server has in the end where the runner, the server or a stage fails in between: the real server, behind
// a proxy that can be cut off.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stage } from '../../src/plan/stage-graph.ts';
import { METRICS_FILE, readMetricsLog, TIME_FIELDS } from '../../src/runs/metrics-log.ts';
import { createMlflowClient } from '../../src/tracking/mlflow/client.ts';
import { describeTrialParams, makeTags } from '../../src/tracking/mlflow/describe-run.ts';
import { findExperiment } from '../../src/tracking/mlflow/find-experiment.ts';
import { MlflowRun } from '../../src/tracking/mlflow/mlflow-run.ts';
import { listMeasurements } from '../../src/tracking/track-metrics.ts';
import { listFiles } from '../helpers/kill-runs.ts';
import { findFreePort, startLaunched } from '../helpers/launch-ranks.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { type Mlflow, mlflowCommand, mlflowNote, startMlflow } from '../helpers/mlflow.ts';
import { runCli, startCli, waitForEvent } from '../helpers/run-cli.ts';

/** Several rows a step, a checkpoint after each epoch, some seconds of training. */
const EXPERIMENT = `kind: experiment
engine: wasm
launch: { retries: 0 }
data: { dataset: synthetic, synthetic: { classes: 4, train: 160, val: 32, size: 16 } }
methods:
  moco:
    epochs: 12
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16, mlp: true }
    augment: [{ op: randomResizedCrop, size: 16 }]
    checkpointing: { everyMinutes: 0.001 }
evaluations:
  knn: { kind: knn, k: 10, features: projection, evalTransform: [{ op: centerCrop, size: 16 }] }
`;
const PRETRAIN = 'moco/trial-1/pretrain';
const SECRETS = {
  MLFLOW_TRACKING_USERNAME: 'anna-nym',
  MLFLOW_TRACKING_PASSWORD: 'pass-hush',
  MLFLOW_TRACKING_TOKEN: 'token-hush',
};

interface Told {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: {
    readonly metrics?: { readonly key: string }[];
    readonly params?: { readonly key: string; readonly value: string }[];
  };
}

/** Each point once, as MLflow keeps equal ones: lr and epoch stand in two rows of a step. */
function render(points: readonly (readonly [step: number, value: number])[], isTime: boolean): string[] {
  return [...new Set(points.map(([step, value]) => `${step}: ${isTime ? 'a time' : value}`))].sort();
}

/** Passes everything on to a server, as long as it is up. */
async function startProxy(target: string) {
  const state = { isUp: true, authorizations: new Set<string | undefined>(), url: '' };
  const server = createServer((incoming: IncomingMessage, outgoing) => {
    if (!state.isUp) return void incoming.socket.destroy();
    state.authorizations.add(incoming.headers.authorization);
    const { authorization: _, ...headers } = incoming.headers;
    const passed = forward(`${target}${incoming.url}`, { method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, { close: () => server.close() });
}

describe.skipIf(!mlflowCommand)(`MLflow (${mlflowNote})`, () => {
  let mlflow: Mlflow;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  beforeAll(async () => {
    mlflow = await startMlflow(makeSharedFolder());
    proxy = await startProxy(mlflow.uri);
  }, 120_000);
  afterAll(async () => {
    proxy?.close();
    await mlflow?.close();
  });

  /** An experiment of its own on the server, with the arguments that run it. */
  function setUp(name: string, text = EXPERIMENT) {
    proxy.isUp = true;
    const folder = makeFolder();
    writeFileSync(path.join(folder, `${name}.yaml`), text);
    return { name, folder, args: ['run', `${name}.yaml`, '--set', `tracking.mlflow.uri=${proxy.url}`] };
  }
  type Demo = ReturnType<typeof setUp>;

  async function list({ name }: Pick<Demo, 'name'>): Promise<Map<string, Told>> {
    const { experiment } = await mlflow.get<{ experiment?: { experiment_id: string } }>(
      `experiments/get-by-name?experiment_name=${name}`,
    );
    if (!experiment) return new Map();
    const { runs = [] } = await mlflow.post<{ runs?: Told[] }>('runs/search', {
      experiment_ids: [experiment.experiment_id],
    });
    const found = new Map(runs.map((run) => [run.info.run_name, run]));
    expect(found.size).toBe(runs.length);
    return found;
  }

  async function readPoints({ info }: Told, key: string): Promise<(readonly [number, number])[]> {
    const query = `run_id=${info.run_id}&metric_key=${encodeURIComponent(key)}&max_results=10000`;
    const { metrics = [] } = await mlflow.get<{ metrics?: { step: number; value: number }[] }>(
      `metrics/get-history?${query}`,
    );
    return metrics.map(({ step, value }) => [Number(step), value] as const).sort(([a], [b]) => a - b);
  }

  /** Each point of metrics.jsonl, once: nothing is missing and nothing is double. */
  async function expectAllPoints({ name, folder }: Demo, told: Told): Promise<void> {
    const wanted = new Map<string, [number, number][]>();
    for (const row of readMetricsLog(path.join(folder, 'runs', name, PRETRAIN, METRICS_FILE)))
      for (const [key, value] of listMeasurements(row))
        wanted.set(key, [...(wanted.get(key) ?? []), [row.step, value]]);
    expect(wanted.size).toBeGreaterThan(5);
    for (const [key, points] of wanted) {
      const found = await readPoints(told, key);
      // What was sent before a kill has the times of then.
      const isTime = TIME_FIELDS.some((field) => key.endsWith(`/${field}`));
      expect([key, render(found, isTime)]).toEqual([key, render(points, isTime)]);
    }
    for (const key of ['train/loss', 'train/epochLoss'])
      expect(await readPoints(told, key)).toHaveLength(wanted.get(key)!.length);
  }

  /** Resolves when the server has some epochs of a training. */
  async function waitForPoints(demo: Demo): Promise<Told> {
    for (;;) {
      const told = (await list(demo)).get(PRETRAIN);
      if (told && (await readPoints(told, 'train/epochLoss')).length >= 2) return told;
      await setTimeout(100);
    }
  }

  const statuses = async (demo: Demo) =>
    Object.fromEntries([...(await list(demo))].map(([name, { info }]) => [name, info.status]));

  const ALL_DONE = { 'moco/trial-1': 'FINISHED', [PRETRAIN]: 'FINISHED', 'moco/trial-1/knn': 'FINISHED' };

  test('a runner that is killed in the middle, and run again, goes on in the same run: each point is there once', async () => {
    const demo = setUp('killed');
    const cli = startCli(demo.args, { cwd: demo.folder });
    const before = await waitForPoints(demo);
    cli.process.kill('SIGKILL');
    expect((await cli.ended).code).toBe(null);
    const { code } = await runCli(demo.args, { cwd: demo.folder });
    expect(code).toBe(0);
    const after = (await list(demo)).get(PRETRAIN)!;
    expect(after.info.run_id).toBe(before.info.run_id);
    expect(await statuses(demo)).toEqual(ALL_DONE);
    await expectAllPoints(demo, after);
  }, 120_000);

  test('a server that goes away in the middle is told once; what it missed is sent when it is back, and no secret is on the disk', async () => {
    const demo = setUp('away');
    const cli = startCli([...demo.args, '--json'], { cwd: demo.folder, env: SECRETS });
    const warned = waitForEvent(cli, ({ type }) => type === 'run-warning');
    await waitForPoints(demo);
    proxy.isUp = false;
    await warned;
    proxy.isUp = true;
    const { code, stdout, stderr } = await cli.ended;
    expect([code, stdout.split('"run-warning"').length]).toEqual([0, 2]);
    expect(await statuses(demo)).toEqual(ALL_DONE);
    await expectAllPoints(demo, (await list(demo)).get(PRETRAIN)!);
    expect(proxy.authorizations).toContain(`Basic ${btoa('anna-nym:pass-hush')}`);
    const texts = listFiles(demo.folder).map((file) => readFileSync(file, 'latin1'));
    const secrets = [...Object.values(SECRETS), btoa('anna-nym:pass-hush')];
    for (const secret of secrets) expect(`${texts}${stdout}${stderr}`.includes(secret)).toBe(false);
  }, 120_000);

  test('what a server missed that never came back is sent by the next run, which has nothing else to do', async () => {
    const demo = setUp('gone', EXPERIMENT.replace('epochs: 12', 'epochs: 3'));
    proxy.isUp = false;
    const first = await runCli(demo.args, { cwd: demo.folder });
    expect([first.code, first.stdout.split('MLFLOW_UNREACHABLE').length]).toEqual([0, 2]);
    proxy.isUp = true;
    const next = await runCli(demo.args, { cwd: demo.folder });
    expect([next.code, next.stdout]).toEqual([0, expect.stringContaining('0 done')]);
    expect(await statuses(demo)).toEqual(ALL_DONE);
    await expectAllPoints(demo, (await list(demo)).get(PRETRAIN)!);
  }, 120_000);

  function playPuppets(demo: Demo, behaviour: string) {
    const puppets = path.join(demo.folder, 'puppets.json');
    writeFileSync(puppets, JSON.stringify({ [PRETRAIN]: behaviour }));
    return {
      cwd: demo.folder,
      env: { MOCO_WORKER: path.resolve('test/rig/puppet-worker.mjs'), PUPPETS: puppets },
    };
  }

  test('a stage that fails is FAILED there, with its problem, and so is its trial', async () => {
    const demo = setUp('failing');
    expect((await runCli(demo.args, playPuppets(demo, 'fail'))).code).toBe(1);
    expect(await statuses(demo)).toEqual({ 'moco/trial-1': 'FAILED', [PRETRAIN]: 'FAILED' });
  });

  test('a stage that Ctrl-C stops is KILLED there, and so is its trial', async () => {
    const demo = setUp('stopped');
    const cli = startCli([...demo.args, '--json'], playPuppets(demo, 'hang'));
    await waitForEvent(cli, ({ type }) => type === 'stage-progress');
    cli.process.kill('SIGINT');
    expect((await cli.ended).code).toBe(130);
    expect(await statuses(demo)).toEqual({ 'moco/trial-1': 'KILLED', [PRETRAIN]: 'KILLED' });
  });

  test('ranks that another launcher starts are told by rank 0', async () => {
    const demo = setUp('ranks', EXPERIMENT.replace('epochs: 12', 'epochs: 2'));
    const [, ...rest] = demo.args;
    const args = ['--rendezvous', 'env', ...rest, '--devices-per-trial', '2'];
    const ends = await startLaunched(await findFreePort(), args, demo.folder).ended;
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(await statuses(demo)).toEqual({ 'moco/trial-1': 'SCHEDULED', [PRETRAIN]: 'FINISHED' });
    await expectAllPoints(demo, (await list(demo)).get(PRETRAIN)!);
  }, 60_000);

  test('more settings and points than a call may have are there, and what is too long is cut', async () => {
    const folder = makeFolder();
    const server = { uri: mlflow.uri, experiment: 'limits' };
    const client = createMlflowClient(server, { timeoutMs: 60_000, abort: new AbortController().signal });
    const experimentId = await findExperiment(client);
    const settings = Array.from({ length: 250 }, (_, i) => [`setting${i}`, i]);
    const recipe = { ...Object.fromEntries(settings), long: 'x'.repeat(10_000), ['k'.repeat(300)]: 1 };
    const stage = { kind: 'pretrain', seed: 1, config: { recipe } } as unknown as Stage;
    const run = new MlflowRun({ client, experimentId, folder, of: 'limits' });
    const params = describeTrialParams({ id: 'limits', stages: [stage] });
    const tags = makeTags({ 'mocolab.state': 'y'.repeat(10_000) });
    await run.ensure(() => ({ name: 'limits', startMs: 1, tags, params }));
    await run.log(Array.from({ length: 2500 }, (_, i) => ({ key: 'loss', value: i, timestamp: i, step: i })));
    const told = (await list({ name: 'limits' })).get('limits')!;
    expect(told.data.params).toHaveLength(253);
    expect(told.data.params).toContainEqual({ key: 'long', value: `${'x'.repeat(5999)}…` });
    expect(await readPoints(told, 'loss')).toHaveLength(2500);
  }, 60_000);
});
