// `moco run` as users have it, with puppets for workers: everything but the computing is real.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { isSameProcess } from '../../src/runs/process-identity.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { type CliResult, runCli, startCli, waitForEvent } from '../helpers/run-cli.ts';

const PUPPET = path.resolve('test/rig/puppet-worker.mjs');

const EXPERIMENT = `kind: experiment
trials: 2
data: { dataset: synthetic, synthetic: { classes: 2, train: 640, val: 16, size: 8 } }
methods:
  untrained: { method: untrained }
  moco:
    epochs: 1
    batchSize: 32
    moco: { queueSize: 64, shuffleBn: false }
    augment: [{ op: randomHorizontalFlip }]
evaluations:
  knn: { kind: knn, k: 5 }
launch: { retryDelay: 0 }
`;

interface Rig {
  readonly folder: string;
  readonly env: { readonly [name: string]: string };
  /** `moco run demo.yaml --devices cpu:2 ...` */
  run(...args: string[]): Promise<CliResult>;
  start(...args: string[]): ReturnType<typeof startCli>;
  tell(behaviours: { readonly [stageOrOption: string]: string | number }): void;
  state(stage: string): string;
  /** Pid of the worker that runs a stage. */
  workerOf(stage: string): number;
  record(stage: string): unknown;
}

function setUp(behaviours: { readonly [stage: string]: string | number } = {}, text = EXPERIMENT): Rig {
  const folder = makeFolder();
  const puppets = path.join(folder, 'puppets.json');
  const tell = (value: object) => writeFileSync(puppets, JSON.stringify(value));
  writeFileSync(path.join(folder, 'demo.yaml'), text);
  tell(behaviours);
  const env = { MOCO_WORKER: PUPPET, PUPPETS: puppets };
  const start = (...args: string[]) =>
    startCli(['run', 'demo.yaml', '--devices', 'cpu:2', ...args], { cwd: folder, env, ownGroup: true });
  return {
    folder,
    env,
    tell,
    start,
    run: (...args) => start(...args).ended,
    record: (stage) => JSON.parse(readFileSync(path.join(folder, 'runs/demo', stage, 'record.json'), 'utf8')),
    state: (stage) => {
      const file = path.join(folder, 'runs/demo', stage, 'record.json');
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).state : 'none';
    },
    workerOf: (stage) => {
      const names = readdirSync(path.join(folder, 'runs/demo', stage));
      return Number(/^\.worker\.(\d+)\.json$/m.exec(names.join('\n'))![1]);
    },
  };
}

/** What happened to the stages, in order, without what differs between runs. */
function readEvents({ stdout }: CliResult): RunEvent[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}

test('a run ends with the table and says where things are; again, it has nothing to do', async () => {
  const rig = setUp();
  const first = await rig.run();
  expect(first.code).toBe(0);
  expect(first.stdout.slice(first.stdout.indexOf('\nmethod'))).toMatchInlineSnapshot(`
    "
    method     knn top-1 [b]
    ---------  -------------
    untrained       51.5±0.5
    moco [a]        51.5±0.5

    Percent; mean ± population standard deviation over 2 trials.

    [a] moco departs from mocov1 in 14 settings: epochs 200 -> 1; devices 8 -> 1; batchSize 256 -> 32; moco.queueSize 65536 -> 64; moco.shuffleBn true -> false; schedule.milestones [120, 160] -> []; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8; augment.randomResizedCrop size 224, scale [0.2, 1], ratio [0.75, 1.333] -> none; augment.randomGrayscale p 0.2 -> none; augment.colorJitter brightness 0.4, contrast 0.4, saturation 0.4, hue 0.4, p 1 -> none.
    [b] knn top-1 departs from knn in 6 settings: k 200 -> 5; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8.

    Report:  runs/demo/report/report.html
    Runs:    runs/demo
    "
  `);
  const second = await rig.run();
  expect(second.code).toBe(0);
  expect(second.stdout).toContain('demo: 0 stages to run, 15 up to date, on cpu:0, cpu:1');
  expect(second.stdout).not.toContain('started');
});

test('every stage leaves its config, its record and its log', async () => {
  const rig = setUp();
  await rig.run();
  const folder = path.join(rig.folder, 'runs/demo/moco/trial-2/pretrain');
  const record = JSON.parse(readFileSync(path.join(folder, 'record.json'), 'utf8'));
  expect(record).toMatchObject({
    recordVersion: 1,
    state: 'done',
    stage: { id: 'moco/trial-2/pretrain', kind: 'pretrain', method: 'moco', trial: 2 },
    reason: 'never run',
    inputs: {},
    overrides: ['--devices cpu:2'],
    versions: { node: process.versions.node, mocolab: expect.any(String) },
    result: { metrics: { top1: 52, top5: 90 }, outputs: [{ path: 'out.txt', bytes: 29 }] },
  });
  expect(record.durationMs).toBeGreaterThan(0);
  expect(readFileSync(path.join(folder, 'log.txt'), 'utf8')).toBe('puppet plays moco/trial-2/pretrain\n');
  expect(readFileSync(path.join(folder, 'config.yaml'), 'utf8')).toContain('batchSize: 32');
});

test('a failed stage leaves its siblings running and takes out what needs it', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'fail' });
  const { code, stdout } = await rig.run();
  expect(code).toBe(1);
  expect(stdout).toContain(`FAILED   moco/trial-1/pretrain
  PUPPET_FAILED
  Told to fail.
    hint: Tell it otherwise.
  last lines of ${rig.folder}/runs/demo/moco/trial-1/pretrain/log.txt:
    | puppet plays moco/trial-1/pretrain
`);
  expect(stdout).toContain('skipped  moco/trial-1/knn: moco/trial-1/pretrain failed');
  expect(stdout).toContain('skipped  report: moco/trial-1/pretrain failed');
  expect(rig.state('moco/trial-1/pretrain')).toBe('failed');
  expect(rig.state('moco/trial-1/knn')).toBe('none');
  expect(rig.state('moco/trial-2/knn')).toBe('done');
  rig.tell({});
  const again = await rig.run();
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(
    /started {2}moco\/trial-1\/pretrain on cpu:\d \(failed last time: PUPPET_FAILED\)/,
  );
  expect(again.stdout).toContain('5 done, 10 up to date, 0 failed, 0 skipped');
});

test.each([
  [
    'exit',
    `  LAUNCH_WORKER_DIED
  Expected the worker of moco/trial-1/pretrain to report its end but it ended with exit code 3.
    hint: The last lines of its log may say why.
`,
  ],
  [
    'die',
    /^ {2}LAUNCH_WORKER_KILLED\n {2}Expected the worker of moco\/trial-1\/pretrain to report its end but it was killed by SIGKILL\.\n {4}hint: Nobody here sent it/m,
  ],
  [
    'throw',
    `  STAGE_CRASHED
  Expected the stage to end or to name its problem but it threw: puppet threw
    hint: This is a bug. Please report it with the log of the stage.
`,
  ],
  [
    'throw ENOSPC: no space left on device, write',
    `  DISK_FULL
  Expected room on the disk but the error was: ENOSPC: no space left on device, write
    hint: Nothing that was finished is lost. Make room, then run again: it goes on from the last checkpoint.
`,
  ],
])('a worker that does not end well fails its stage: %s', async (behaviour, text) => {
  const rig = setUp({ 'moco/trial-1/pretrain': behaviour });
  const { code, stdout } = await rig.run('--only', 'pretrain');
  expect(code).toBe(1);
  if (typeof text === 'string') expect(stdout).toContain(text);
  else expect(stdout).toMatch(text);
  expect(rig.state('moco/trial-1/pretrain')).toBe('failed');
});

test('a worker that fills its heap ran out of memory, and the hint names batch sizes that would fit', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'exhaust' });
  const { code, stdout } = await runCli(
    ['run', 'demo.yaml', '--devices', 'cpu', '--trials', '1', '--only', 'pretrain'],
    {
      cwd: rig.folder,
      env: { ...rig.env, NODE_OPTIONS: '--max-old-space-size=128' },
    },
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^ {2}STAGE_OUT_OF_MEMORY\n {2}Expected the machine to have memory for the stage but the error was: FATAL ERROR: .* JavaScript heap out of memory\n {4}hint: Batch sizes that would fit: 16, 8\. Scale optimizer\.lr with it\.$/m,
  );
});

test('a stage whose worker is killed is started again, and its record says so', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'die twice' });
  const { code, stdout } = await rig.run('--only', 'pretrain');
  expect(code).toBe(0);
  expect(stdout).toContain('retry    moco/trial-1/pretrain in <1s (1 of 3): LAUNCH_WORKER_KILLED\n');
  expect(stdout).toContain('retry    moco/trial-1/pretrain in <1s (2 of 3): LAUNCH_WORKER_KILLED\n');
  expect(rig.record('moco/trial-1/pretrain')).toMatchObject({
    state: 'done',
    failures: [{ code: 'LAUNCH_WORKER_KILLED' }, { code: 'LAUNCH_WORKER_KILLED' }],
  });
});

test('a failure that does not pass ends the stage after launch.retries', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'die' });
  const { code, stdout } = await rig.run('--only', 'pretrain', '--set', 'launch.retries=1');
  expect(code).toBe(1);
  expect(stdout.match(/^retry {4}/gm)).toHaveLength(1);
  expect(stdout).toContain('FAILED   moco/trial-1/pretrain');
});

test('a stage that comes further between its failures is started again as often as it takes', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'further each time' });
  const { code, stdout } = await rig.run('--only', 'pretrain', '--set', 'launch.retries=2');
  expect(code).toBe(0);
  expect(stdout.match(/^retry .*STAGE_DEVICE_LOST$/gm)).toHaveLength(6);
});

test('--retry-failed runs what failed and what waits for it, and nothing else', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'fail' });
  await rig.run();
  rig.tell({});
  const changed = ['--trials', '3', '--retry-failed'];
  const { code, stdout } = await rig.run(...changed);
  expect(code).toBe(0);
  const started = [...stdout.matchAll(/^started {2}(\S+)/gm)].map(([, id]) => id);
  expect(started.filter((id) => id!.includes('trial-1'))).toEqual([
    'moco/trial-1/pretrain',
    'moco/trial-1/extract',
    'moco/trial-1/sanity-check',
    'moco/trial-1/knn',
  ]);
  expect(started.some((id) => id!.includes('trial-3'))).toBe(false);
});

test('a worker of another version is refused', async () => {
  const rig = setUp({ protocolVersion: 7 });
  const { code, stdout } = await rig.run('--only', 'pretrain', '--trials', '1');
  expect(code).toBe(1);
  expect(stdout).toContain(`  LAUNCH_PROTOCOL_VERSION
  Expected a worker of protocol version 2 but it speaks 7.
    hint: Build again: \`npm run build\`.
`);
});

test('--failure-mode no-new starts nothing after a failure', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'fail' });
  const { code, stdout } = await rig.run(
    '--failure-mode',
    'no-new',
    '--only',
    'pretrain',
    '--devices',
    'cpu',
  );
  expect(code).toBe(1);
  expect(stdout).toContain('skipped  moco/trial-2/pretrain: another stage failed (failureMode no-new)');
});

test('--only runs the stages of a kind and what they need', async () => {
  const rig = setUp();
  const { code, stdout } = await rig.run('--only', 'extract');
  expect(code).toBe(0);
  expect(stdout).toContain('6 done, 0 up to date, 0 failed, 0 skipped');
  expect(rig.state('moco/trial-1/extract')).toBe('done');
  expect(rig.state('moco/trial-1/sanity-check')).toBe('none');
});

test('--json prints every event as a line of JSON and nothing else', async () => {
  const events = readEvents(await setUp().run('--json'));
  expect(events[0]).toMatchObject({ type: 'run-started', experiment: 'demo', devices: ['cpu:0', 'cpu:1'] });
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', done: 15, failed: 0 });
  expect(events.filter(({ type }) => type === 'stage-finished')).toHaveLength(15);
});

test('--dry-run prints the plan and runs nothing', async () => {
  const rig = setUp();
  const { code, stdout } = await rig.run('--dry-run');
  expect(code).toBe(0);
  expect(stdout).toContain('15 stages: 15 to run, 0 up to date.');
  expect(existsSync(path.join(rig.folder, 'runs'))).toBe(false);
});

test('a change reruns what it concerns and says why; another trial leaves the others alone', async () => {
  const rig = setUp();
  await rig.run();
  const changed = await rig.run('--set', 'methods.moco.optimizer.lr=0.06', '--json');
  const reasons = readEvents(changed).flatMap((event) =>
    event.type === 'stage-started' && event.id.includes('trial-1') ? [`${event.id}: ${event.reason}`] : [],
  );
  expect(reasons).toEqual([
    'moco/trial-1/pretrain: config changed: optimizer.lr 0.03 -> 0.06',
    'moco/trial-1/extract: input changed: pretrain',
    'moco/trial-1/sanity-check: input changed: pretrain',
    'moco/trial-1/knn: input changed: pretrain',
  ]);
  const more = await rig.run('--set', 'methods.moco.optimizer.lr=0.06', '--trials', '3');
  expect(more.stdout).toContain('demo: 8 stages to run, 14 up to date');
});

test('one runner at a time', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'hang', 'moco/trial-2/pretrain': 'hang' });
  const first = rig.start('--json');
  await waitForEvent(first, ({ type }) => type === 'stage-progress');
  const second = await rig.run();
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(
    /^RUN_FOLDER_LOCKED\n {2}Expected nobody else to be running the experiment in .*runs\/demo but "moco run demo\.yaml --devices cpu:2 --json" does \(pid \d+ on .*, since .*\)\.\n {4}hint: Wait for it or stop it, or give this run a folder of its own with --out\.\n$/,
  );
  first.process.kill('SIGINT');
  await first.ended;
});

test('Ctrl-C once: nothing starts any more, running stages stop, and the next run goes on', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'hang', 'moco/trial-2/pretrain': 'hang' });
  const cli = rig.start('--json');
  await waitForEvent(cli, (event) => event.type === 'stage-progress' && event.id === 'moco/trial-2/pretrain');
  cli.process.kill('SIGINT');
  const result = await cli.ended;
  expect(result.code).toBe(130);
  const types = readEvents(result).map(({ type }) => type);
  expect(types).toContain('run-stopping');
  expect(types.filter((type) => type === 'stage-interrupted')).toHaveLength(2);
  expect(rig.state('moco/trial-1/pretrain')).toBe('interrupted');
  expect(existsSync(path.join(rig.folder, 'runs/demo/run.lock'))).toBe(false);
  rig.tell({});
  const again = await rig.run();
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/started {2}moco\/trial-1\/pretrain on cpu:\d \(interrupted\)/);
});

test('Ctrl-C twice kills', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'stubborn', 'moco/trial-2/pretrain': 'stubborn' });
  const cli = rig.start('--json');
  await waitForEvent(cli, (event) => event.type === 'stage-progress' && event.id === 'moco/trial-2/pretrain');
  cli.process.kill('SIGINT');
  await waitForEvent(cli, ({ type }) => type === 'run-stopping');
  cli.process.kill('SIGINT');
  const result = await cli.ended;
  expect(result.code).toBe(130);
  expect(rig.state('moco/trial-1/pretrain')).toBe('interrupted');
});

describe.each(['SIGTERM', 'SIGUSR1'] as const)('%s, as batch systems send it,', (signal) => {
  const hanging = { 'moco/trial-1/pretrain': 'hang', 'moco/trial-2/pretrain': 'hang' };
  const isSecond = (event: RunEvent) =>
    event.type === 'stage-progress' && event.id === 'moco/trial-2/pretrain';

  test.each([
    ['the runner', (pid: number) => process.kill(pid, signal)],
    ['the whole process group', (pid: number) => process.kill(-pid, signal)],
  ])('to %s: running stages stop, the exit code says run again, and that goes on', async (_, send) => {
    const rig = setUp(hanging);
    const cli = rig.start('--json');
    await waitForEvent(cli, isSecond);
    send(cli.process.pid!);
    const result = await cli.ended;
    expect(result.code).toBe(75);
    expect(readEvents(result)).toContainEqual({ type: 'run-stopping', reason: signal });
    expect(rig.state('moco/trial-1/pretrain')).toBe('interrupted');
    rig.tell({});
    expect((await rig.run()).code).toBe(0);
  });

  test('to a worker alone: its stage stops, the others go on, and the exit code says run again', async () => {
    const rig = setUp({ 'moco/trial-1/pretrain': 'hang' });
    const cli = rig.start('--json');
    await waitForEvent(cli, ({ type }) => type === 'stage-progress');
    process.kill(rig.workerOf('moco/trial-1/pretrain'), signal);
    expect((await cli.ended).code).toBe(75);
    expect(rig.state('moco/trial-1/pretrain')).toBe('interrupted');
    expect(rig.state('moco/trial-2/knn')).toBe('done');
  });

  test('kills what has not stopped after the grace time', async () => {
    const rig = setUp({ 'moco/trial-1/pretrain': 'stubborn', 'moco/trial-2/pretrain': 'stubborn' });
    const cli = rig.start('--json', '--set', 'launch.preemptionGrace=0.2');
    await waitForEvent(cli, isSecond);
    cli.process.kill(signal);
    expect((await cli.ended).code).toBe(75);
    expect(rig.state('moco/trial-1/pretrain')).toBe('interrupted');
  });
});

test('a signal is told on lines', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'hang' });
  const cli = rig.start('--only', 'pretrain', '--trials', '1');
  cli.process.stdout!.on('data', (text: Buffer) => {
    if (String(text).includes('started  moco')) cli.process.kill('SIGUSR1');
  });
  expect((await cli.ended).stdout).toContain(
    'Stopping on SIGUSR1: no new stages; running ones write what they need to go on and stop.\n',
  );
});

test('workers whose runner was killed end, and nothing of them is left', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'hang', 'moco/trial-2/pretrain': 'hang' });
  const cli = rig.start('--json');
  const progress = (id: string) =>
    waitForEvent(cli, (event) => event.type === 'stage-progress' && event.id === id);
  await Promise.all([progress('moco/trial-1/pretrain'), progress('moco/trial-2/pretrain')]);
  const workers = [1, 2].map((trial) => rig.workerOf(`moco/trial-${trial}/pretrain`));
  cli.process.kill('SIGKILL');
  await cli.ended;
  await vi.waitUntil(() => workers.every((pid) => !isSameProcess(pid, null)), {
    timeout: 30_000,
    interval: 50,
  });
  rig.tell({});
  expect((await rig.run()).code).toBe(0);
  expect(readdirSync(path.join(rig.folder, 'runs/demo/moco/trial-1/pretrain')).sort()).toEqual([
    'config.yaml',
    'log.txt',
    'out.txt',
    'record.json',
  ]);
});

test('a killed runner leaves no stage that claims to be finished, and no lock that holds', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'hang', 'moco/trial-2/pretrain': 'hang' });
  const cli = rig.start('--json');
  await waitForEvent(cli, ({ type }) => type === 'stage-progress');
  cli.process.kill('SIGKILL');
  await cli.ended;
  expect(rig.state('moco/trial-1/pretrain')).toBe('running');
  rig.tell({});
  const again = await rig.run();
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/started {2}moco\/trial-1\/pretrain on cpu:\d \(interrupted\)/);
});

test('zero devices are refused before anything starts', async () => {
  const rig = setUp();
  const { code, stderr } = await rig.run('--devices', 'cpu:0');
  expect(code).toBe(2);
  expect(stderr).toBe(`DEVICES_NONE
  Expected at least one device but cpu:0 gives none.
    hint: Use auto, cpu, cpu:N with N >= 1, or cuda on a machine where nvidia-smi lists a GPU.
`);
});

test('a folder of runs that cannot be one', async () => {
  const rig = setUp();
  const { code, stderr } = await rig.run('--out', 'demo.yaml/runs');
  expect(code).toBe(2);
  expect(stderr).toBe(`RUN_FOLDER_UNUSABLE
  Expected a folder to write to at ${rig.folder}/demo.yaml/runs/demo but the system says ENOTDIR.
    hint: Give another folder of runs with --out.
`);
});

test('a data folder that is not there is refused before anything starts', async () => {
  const recipe =
    'kind: pretrain\nbatchSize: 32\nmoco: { queueSize: 64, shuffleBn: false }\ndata: { dataset: imagefolder }\n';
  const rig = setUp({}, recipe);
  const { code, stderr } = await rig.run('--data', 'nowhere');
  expect(code).toBe(2);
  expect(stderr).toBe(`DATA_MISSING
  Expected a data folder but nowhere does not exist.
    hint: The layout is DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg. Give DIR with --data or data.root.
`);
  expect(existsSync(path.join(rig.folder, 'runs'))).toBe(false);
});

test('status tells what is done, what failed and who runs it', async () => {
  const rig = setUp({ 'moco/trial-1/pretrain': 'fail', 'moco/trial-2/pretrain': 'hang' });
  const cli = rig.start('--json');
  await waitForEvent(cli, (event) => event.type === 'stage-finished' && event.id === 'untrained/trial-2/knn');
  const { stdout } = await runCli(['status', 'runs'], { cwd: rig.folder });
  expect(stdout).toMatch(/^demo: 6 done, 1 running, 1 failed\n {2}run by pid \d+ on /);
  expect(stdout).toContain('  running  moco/trial-2/pretrain\n');
  expect(stdout).toContain('  failed   moco/trial-1/pretrain  PUPPET_FAILED\n');
  cli.process.kill('SIGINT');
  await cli.ended;
});

test('report shows what is there, with n, before everything is', async () => {
  const rig = setUp({ 'moco/trial-2/pretrain': 'fail' });
  await rig.run();
  const { stdout } = await runCli(['report', 'demo.yaml', '--format', 'csv'], {
    cwd: rig.folder,
    env: rig.env,
  });
  expect(stdout).toMatchInlineSnapshot(`
    "method,label,evaluation,metric,n,trials,mean,population_std,sample_std,published_mean,published_std,difference,difference_low,difference_high,p_equivalent,p_different,verdict,trials_needed,departures,trial_1,trial_2
    untrained,untrained,knn,top1,2,2,51.5,0.5,0.7071067811865476,,,,,,,,,,k 200 -> 5; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8,51,52
    moco,moco,knn,top1,1,2,51,0,,,,,,,,,,,"epochs 200 -> 1; devices 8 -> 1; batchSize 256 -> 32; moco.queueSize 65536 -> 64; moco.shuffleBn true -> false; schedule.milestones [120, 160] -> []; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8; augment.randomResizedCrop size 224, scale [0.2, 1], ratio [0.75, 1.333] -> none; augment.randomGrayscale p 0.2 -> none; augment.colorJitter brightness 0.4, contrast 0.4, saturation 0.4, hue 0.4, p 1 -> none; k 200 -> 5; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8",51,
    "
  `);
  const table = await runCli(['report', 'demo.yaml'], { cwd: rig.folder });
  expect(table.stdout).toMatchInlineSnapshot(`
    "method     knn top-1 [b]
    ---------  -------------
    untrained       51.5±0.5
    moco [a]      51.0 (1/2)

    Percent; mean ± population standard deviation over 2 trials.
    (n/N): only n of N trials are there; 1 value is missing, because a stage failed.

    [a] moco departs from mocov1 in 14 settings: epochs 200 -> 1; devices 8 -> 1; batchSize 256 -> 32; moco.queueSize 65536 -> 64; moco.shuffleBn true -> false; schedule.milestones [120, 160] -> []; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8; augment.randomResizedCrop size 224, scale [0.2, 1], ratio [0.75, 1.333] -> none; augment.randomGrayscale p 0.2 -> none; augment.colorJitter brightness 0.4, contrast 0.4, saturation 0.4, hue 0.4, p 1 -> none.
    [b] knn top-1 departs from knn in 6 settings: k 200 -> 5; data.dataset imagefolder -> synthetic; data.synthetic.classes none -> 2; data.synthetic.train none -> 640; data.synthetic.val none -> 16; data.synthetic.size none -> 8.

    Report:  runs/demo/report/report.html
    "
  `);
});

const DETECTION = 'voc: { kind: detection, python: /nowhere/python }';
const WITH_DETECTION = `${EXPERIMENT.replace('evaluations:\n', `evaluations:\n  ${DETECTION}\n`)}
report: { columns: [knn.top1, voc.AP50] }
`;

test('a detection that cannot run here is told by plan, is not run, and leaves the rest of the table', async () => {
  const rig = setUp({}, WITH_DETECTION);
  const planned = await runCli(['plan', 'demo.yaml'], { cwd: rig.folder, env: rig.env });
  expect(planned.stdout).toMatch(/✗ voc +not run: no train_net\.py in detection/);
  expect(planned.stdout).toContain('4 that cannot run here');
  const { code, stdout } = await rig.run();
  expect(code).toBe(0);
  expect(rig.state('moco/trial-1/voc')).toBe('none');
  expect(rig.state('report')).toBe('done');
  expect(stdout).toMatch(/moco \[a\] +51\.5±0\.5 +pending \(0\/2\)/);
}, 120_000);
