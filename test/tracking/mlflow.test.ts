// Runs that an MLflow server is told of: what a real one has afterwards, and what is said where there is none.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Stage } from '../../src/plan/stage-graph.ts';
import { METRICS_FILE, readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { describeTrialParams } from '../../src/tracking/mlflow/describe-run.ts';
import { openTrackedLog } from '../../src/tracking/track-metrics.ts';
import { listFiles } from '../helpers/kill-runs.ts';
import { findFreePort } from '../helpers/launch-ranks.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { type Mlflow, mlflowCommand, mlflowNote, startMlflow } from '../helpers/mlflow.ts';
import { type CliResult, runCli, startCli, waitForEvent } from '../helpers/run-cli.ts';

const EXPERIMENT = `kind: experiment
engine: wasm
data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
methods:
  moco:
    epochs: 2
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16, mlp: true }
    augment: [{ op: randomResizedCrop, size: 16 }]
evaluations:
  knn: { kind: knn, k: 10, features: projection, evalTransform: [{ op: centerCrop, size: 16 }] }
`;
const PUPPETS = { MOCO_WORKER: path.resolve('test/rig/puppet-worker.mjs') };

type Told = {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: Record<'params' | 'metrics' | 'tags', { key: string; value: string | number }[]>;
};

function makeDemo(folder: string): string {
  writeFileSync(path.join(folder, 'demo.yaml'), EXPERIMENT);
  writeFileSync(path.join(folder, 'puppets.json'), '{}');
  return folder;
}

/** With puppets for workers: what is tracked is what they leave. */
function runWithPuppets(uri: string, folder = makeDemo(makeFolder()), env = {}): Promise<CliResult> {
  const puppets = { ...PUPPETS, PUPPETS: path.join(folder, 'puppets.json'), ...env };
  return runCli(['run', 'demo.yaml', '--set', `tracking.mlflow.uri=${uri}`], { cwd: folder, env: puppets });
}

describe.skipIf(!mlflowCommand)(`MLflow (${mlflowNote})`, () => {
  let mlflow: Mlflow;
  let folder: string;
  const run = (...args: string[]) =>
    runCli(['run', 'demo.yaml', '--set', `tracking.mlflow.uri=${mlflow.uri}`, ...args], { cwd: folder });
  const list = async () => {
    const { experiment } = await mlflow.get<{ experiment: { experiment_id: string } }>(
      'experiments/get-by-name?experiment_name=demo',
    );
    const found = await mlflow.post<{ runs: Told[] }>('runs/search', {
      experiment_ids: [experiment.experiment_id],
    });
    return new Map(found.runs.map((each) => [each.info.run_name, each]));
  };
  const valuesOf = (told: Told, kind: keyof Told['data']) =>
    Object.fromEntries(told.data[kind].map(({ key, value }) => [key, value]));

  beforeAll(async () => {
    folder = makeDemo(makeSharedFolder());
    mlflow = await startMlflow(folder);
    const { code } = await run();
    expect(code).toBe(0);
  }, 120_000);
  afterAll(() => mlflow?.close());

  test('has a run for the trial, with all settings and results, and below it one for each stage that measures', async () => {
    const runs = await list();
    expect([...runs.keys()].sort()).toEqual(['moco/trial-1', 'moco/trial-1/knn', 'moco/trial-1/pretrain']);
    const trial = runs.get('moco/trial-1')!;
    expect(trial.info.status).toBe('FINISHED');
    expect(valuesOf(trial, 'params')).toMatchObject({ 'moco.queueSize': '32', 'knn.k': '10' });
    const record = JSON.parse(
      readFileSync(path.join(folder, 'runs/demo/moco/trial-1/knn/record.json'), 'utf8'),
    );
    expect(valuesOf(trial, 'metrics')).toMatchObject({ 'knn.top1': record.result.metrics.top1 });
    for (const name of ['moco/trial-1/knn', 'moco/trial-1/pretrain']) {
      expect(runs.get(name)!.info.status).toBe('FINISHED');
      expect(valuesOf(runs.get(name)!, 'tags')).toMatchObject({
        'mlflow.parentRunId': trial.info.run_id,
        'mocolab.engine': 'wasm',
      });
    }
  });

  test('has every row of metrics once, at its step, also after another run of the command', async () => {
    expect((await run()).code).toBe(0);
    const rows = readMetricsLog(path.join(folder, 'runs/demo/moco/trial-1/pretrain', METRICS_FILE));
    const { run_id } = (await list()).get('moco/trial-1/pretrain')!.info;
    const { metrics } = await mlflow.get<{ metrics: { step: number; value: number }[] }>(
      `metrics/get-history?run_id=${run_id}&metric_key=${encodeURIComponent('train/epochLoss')}`,
    );
    const wanted = rows.filter(({ epochLoss }) => epochLoss !== undefined);
    expect(metrics.map(({ step, value }) => [step, value])).toEqual(
      wanted.map(({ step, epochLoss }) => [Number(step), epochLoss]),
    );
  });

  test('changes no bit of the training', async () => {
    const { code } = await runCli(['run', 'demo.yaml', '--out', 'untold'], { cwd: folder });
    expect(code).toBe(0);
    const read = (out: string) =>
      renderWithoutTimes(readMetricsLog(path.join(folder, out, 'demo/moco/trial-1/pretrain', METRICS_FILE)));
    expect(read('runs')).toBe(read('untold'));
  });
});

test('a server that is not there is told once, and the run is done', async () => {
  const uri = `http://127.0.0.1:${await findFreePort()}`;
  const { code, stdout } = await runWithPuppets(uri);
  expect(code).toBe(0);
  expect(
    stdout.slice(stdout.indexOf('warning'), stdout.indexOf('\nmethod')),
  ).toContain(`warning  MLFLOW_UNREACHABLE
  Expected an answer from MLflow at ${uri} but there is none (ECONNREFUSED).
    hint: The run goes on without it. Its folder keeps everything; it is sent when the server answers again, else by the next \`moco run\`.
`);
  expect(stdout.split('MLFLOW_UNREACHABLE')).toHaveLength(2);
});

/** A server that gives everybody the same answer. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server that knows nobody of this name is told with the variables to set; the secret stays out of all files', async () => {
  const asked: unknown[] = [];
  const uri = await serve((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401).end('no');
  });
  const folder = makeDemo(makeFolder());
  const env = { MLFLOW_TRACKING_TOKEN: 'hush-hush' };
  const { code, stdout, stderr } = await runWithPuppets(uri, folder, env);
  expect(code).toBe(0);
  expect(asked).toEqual(['Bearer hush-hush']);
  expect(stdout).toContain(`warning  MLFLOW_REFUSED
  Expected an MLflow server at ${uri} but it answered 401.
    hint: Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may write there. Nothing is tracked in this run; its folder has everything, and the next \`moco run\` sends it.
`);
  const { stdout: found } = await runCli(['config', 'demo.yaml'], { cwd: folder });
  const texts = listFiles(folder).map((file) => readFileSync(file, 'latin1'));
  expect(texts.length).toBeGreaterThan(5);
  expect(`${stdout}${stderr}${found}${texts}`).not.toContain('hush');
});

test('a redirect is refused, and whoever it leads to hears nothing', async () => {
  const heard: unknown[] = [];
  const elsewhere = await serve((request, response) => {
    heard.push(request.headers.authorization);
    response.end('{}');
  });
  const uri = await serve((_, response) => void response.writeHead(307, { location: elsewhere }).end());
  const env = { MLFLOW_TRACKING_TOKEN: 'hush-hush' };
  const { code, stdout, stderr } = await runWithPuppets(uri, makeDemo(makeFolder()), env);
  expect([code, heard]).toEqual([0, []]);
  expect(stdout).toContain(`at ${uri} but it answered 307, a redirect to ${elsewhere}.`);
  expect(stdout + stderr).not.toContain('hush');
});

test.each([
  [404, 'but it answered 404.'],
  [200, 'but it answered something else.'],
  [500, 'but it answered 500.'],
])('a server that answers %i is told, and the run is done', async (status, text) => {
  const uri = await serve((_, response) => void response.writeHead(status).end('<html>'));
  const { code, stdout } = await runWithPuppets(uri);
  expect(code).toBe(0);
  expect(stdout).toContain(text);
});

test('what MLflow does not take is told in its words', async () => {
  const uri = await serve((_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 'INVALID_PARAMETER_VALUE', message: 'too long' }));
  });
  expect((await runWithPuppets(uri)).stdout).toContain(`warning  MLFLOW_REJECTED
  Expected MLflow at ${uri} to take what it is told but it answered INVALID_PARAMETER_VALUE: too long
    hint: What it did not take is in the folder of the run; the others are still tracked.
`);
});

test('files that are damaged are told, and the run is done', async () => {
  const answer = { experiment: { experiment_id: '1' }, run: { info: { run_id: 'r' } } };
  const uri = await serve((_, response) => void response.end(JSON.stringify(answer)));
  const folder = makeDemo(makeFolder());
  expect((await runWithPuppets(uri, folder)).code).toBe(0);
  const stage = path.join(folder, 'runs/demo/moco/trial-1/pretrain');
  const file = path.join(stage, METRICS_FILE);
  const log = openTrackedLog(file);
  log.append({ step: 1, epoch: 0, split: 'train', loss: 2 });
  log.close();
  writeFileSync(file, readFileSync(file, 'utf8').replace('{', '#'));
  rmSync(path.join(stage, 'mlflow.json'));
  const { code, stdout } = await runWithPuppets(uri, folder);
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(`warning  MLFLOW_TRIAL_UNTOLD
  Expected to tell MLflow of moco/trial-1 but that failed: ${file} has a line that is not JSON: #"step":1,"epoch":0,"split":"train","loss":2}.
    hint: The run and its table have everything. A stage whose files are damaged is run again where its folder is removed.
`),
  ]);
});

test('what a run that is over waits for is said; Ctrl-C leaves it to the next run', async () => {
  const uri = await serve(() => {});
  const folder = makeDemo(makeFolder());
  const args = ['run', 'demo.yaml', '--json', '--set', `tracking.mlflow.uri=${uri}`];
  const env = { ...PUPPETS, PUPPETS: path.join(folder, 'puppets.json') };
  const cli = startCli(args, { cwd: folder, env });
  const note = await waitForEvent(cli, ({ type }) => type === 'run-note');
  expect(note).toMatchObject({
    message: `MLflow: waiting for ${uri}, 1 trial left to send; Ctrl-C leaves that to the next run`,
  });
  cli.process.kill('SIGINT');
  const { code, stdout } = await cli.ended;
  // All stages are done; what gave up waiting is Ctrl-C, not the time a call may take.
  expect([code, stdout]).toEqual([0, expect.stringContaining('but it takes too long.')]);
}, 30_000);

test('an evaluation that is called like a group of settings has its own beside them', () => {
  const recipe = { optimizer: { lr: 0.03 }, epochs: 200 };
  const method = { kind: 'pretrain', seed: 1, config: { recipe } };
  const judge = { kind: 'lincls', seed: 1, config: { recipe: { optimizer: { lr: 30 } } } };
  const stages = [method, { ...judge, evaluation: 'optimizer' }, { ...judge, evaluation: 'lincls' }];
  expect(describeTrialParams({ id: 'moco/trial-1', stages: stages as unknown as Stage[] })).toEqual([
    { key: 'optimizer.lr', value: '0.03' },
    { key: 'epochs', value: '200' },
    { key: 'evaluations.optimizer.optimizer.lr', value: '30' },
    { key: 'lincls.optimizer.lr', value: '30' },
    { key: 'seed', value: '1' },
  ]);
});

test('an address with a password is refused, without repeating it', async () => {
  const { code, stdout, stderr } = await runWithPuppets('http://me:secret@127.0.0.1:5000');
  expect(code).toBe(2);
  expect(stdout + stderr).not.toContain('secret');
  expect(stderr).toContain(`CONFIG_SECRET
  Expected an address for tracking.mlflow.uri but that of 127.0.0.1:5000 has a user or a password in it.
    hint: The resolved settings are written to every run: give those as MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.
`);
});

test('an address that nobody gives is missed before a stage starts', async () => {
  const { code, stderr } = await runCli(['run', 'demo.yaml', '--set', 'tracking.mlflow={}'], {
    cwd: makeDemo(makeFolder()),
    env: { ...PUPPETS, MLFLOW_TRACKING_URI: '' },
  });
  expect(code).toBe(2);
  expect(stderr).toContain(`MLFLOW_URI
  Expected the http or https address of a server for tracking.mlflow but neither tracking.mlflow.uri nor MLFLOW_TRACKING_URI is set.
    hint: For example: --set tracking.mlflow.uri=http://127.0.0.1:5000. For a database or a folder start \`mlflow server --backend-store-uri ...\`.
`);
});
