// The whole program on made-up images: the real command line, real workers, real training.

import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';
import { trainingEngines } from '../helpers/available-engines.ts';
import { makeImages, spoil } from '../helpers/make-images.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { runCli, startCli, waitForEvent } from '../helpers/run-cli.ts';

const EXPERIMENT = `kind: experiment
trials: 2
engine: wasm
data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
methods:
  untrained: &moco
    method: untrained
    epochs: 2
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16, mlp: true }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: colorJitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }]
    loader: { threads: 2 }
  mocov2: { <<: *moco, method: moco }
evaluations:
  lincls: { kind: lincls, epochs: 2, batchSize: 32, optimizer: { lr: 1 }, schedule: { policy: constant }, augment: [{ op: centerCrop, size: 16 }], evalTransform: [{ op: centerCrop, size: 16 }] }
  knn: { kind: knn, k: 10, features: projection, evalTransform: [{ op: centerCrop, size: 16 }] }
`;

/** All metrics.jsonl below a folder, without times, by their place. */
function readAllMetrics(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith('metrics.jsonl'))
      .map((file) => [file, renderWithoutTimes(readMetricsLog(path.join(folder, file)))]),
  );
}

describe('one experiment', () => {
  let folder: string;
  beforeAll(async () => {
    folder = makeSharedFolder();
    writeFileSync(path.join(folder, 'tiny.yaml'), EXPERIMENT);
    const one = await runCli(['run', 'tiny.yaml', '--devices', 'cpu:1', '--out', 'one'], { cwd: folder });
    const two = await runCli(['run', 'tiny.yaml', '--devices', 'cpu:2', '--out', 'two'], { cwd: folder });
    expect([one.code, two.code, one.stderr]).toEqual([0, 0, expect.not.stringContaining('bug')]);
  });

  test('gives the same bytes of metrics with one device and with two', () => {
    const metrics = readAllMetrics(path.join(folder, 'one'));
    expect(Object.keys(metrics)).toHaveLength(6);
    expect(readAllMetrics(path.join(folder, 'two'))).toEqual(metrics);
  });

  test('gives trials of their own: other seeds, other numbers', () => {
    const metrics = readAllMetrics(path.join(folder, 'one/tiny/mocov2'));
    expect(metrics['trial-1/pretrain/metrics.jsonl']).not.toBe(metrics['trial-2/pretrain/metrics.jsonl']);
  });

  test('keeps records of what ran where', () => {
    const file = path.join(folder, 'one/tiny/mocov2/trial-1/pretrain/record.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    expect(record).toMatchObject({
      state: 'done',
      engine: { name: 'wasm', simd: true },
      result: { outputs: [{ path: 'checkpoint_0001.pth.tar' }, { path: 'metrics.jsonl' }], images: 192 },
    });
    expect(record.result.peakMemoryBytes).toBeGreaterThan(1e7);
    expect(record.result.outputs[0].sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('is up to date when it is run again, and the table is the same', async () => {
    const again = await runCli(['run', 'tiny.yaml', '--out', 'one'], { cwd: folder });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('0 stages to run, 19 up to date');
    const report = await runCli(['report', 'tiny.yaml', '--out', 'one', '--format', 'md'], { cwd: folder });
    expect(report.stdout).toBe(readFileSync(path.join(folder, 'one/tiny/report/report.md'), 'utf8'));
  });

  test('estimates from its records what another trial would take', async () => {
    const { stdout } = await runCli(
      ['plan', 'tiny.yaml', '--out', 'one', '--trials', '3', '--format', 'json'],
      {
        cwd: folder,
      },
    );
    const stages = JSON.parse(stdout).stages as { id: string; state: string; estimatedMs: number | null }[];
    const next = stages.find(({ id }) => id === 'mocov2/trial-3/pretrain');
    expect(next).toMatchObject({ state: 'to-run', estimatedMs: expect.any(Number) });
  });

  test('its checkpoint is judged by a recipe alone, as the second script of the original does', async () => {
    writeFileSync(
      path.join(folder, 'lincls.yaml'),
      `kind: lincls
epochs: 2
batchSize: 32
schedule: { policy: constant }
model: { arch: resnet18, stem: cifar, width: 4 }
optimizer: { lr: 1 }
data: { dataset: synthetic, synthetic: { classes: 4, train: 96, val: 32, size: 16 } }
augment: [{ op: centerCrop, size: 16 }]
evalTransform: [{ op: centerCrop, size: 16 }]
`,
    );
    const checkpoint = 'one/tiny/mocov2/trial-1/pretrain/checkpoint_0001.pth.tar';
    const { code, stdout } = await runCli(['run', 'lincls.yaml', '--pretrained', checkpoint], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\npretrained +\d+\.\d\n/);

    copyFileSync(path.join(folder, checkpoint), path.join(folder, 'mine.pth.tar'));
    const same = await runCli(['run', 'lincls.yaml', '--pretrained', 'mine.pth.tar'], { cwd: folder });
    expect(same.stdout).toContain('0 stages to run');
    const other = 'one/tiny/mocov2/trial-2/pretrain/checkpoint_0001.pth.tar';
    copyFileSync(path.join(folder, other), path.join(folder, 'mine.pth.tar'));
    const changed = await runCli(['run', 'lincls.yaml', '--pretrained', 'mine.pth.tar'], { cwd: folder });
    expect(changed.stdout).toContain('4 stages to run');
  });

  test('a checkpoint that is not there is refused before anything starts', async () => {
    const { code, stderr } = await runCli(['run', 'lincls.yaml', '--pretrained', 'no.pth.tar'], {
      cwd: folder,
    });
    expect(code).toBe(2);
    expect(stderr).toBe(`PRETRAINED_FILE_MISSING
  Expected the checkpoint of pretrained at no.pth.tar but there is no such file.
    hint: Check the path; relative ones count from the folder in which the command was started.
`);
  });
});

test.each(trainingEngines)(
  'stopped in the middle of training, %s goes on to the same metrics',
  async (engine) => {
    const folder = makeFolder();
    const text = EXPERIMENT.replace('trials: 2', 'trials: 1').replace('epochs: 2', 'epochs: 6');
    writeFileSync(path.join(folder, 'tiny.yaml'), text);
    const only = ['run', 'tiny.yaml', '--only', 'pretrain', '--json', '--engine', engine];
    await runCli([...only, '--out', 'whole'], { cwd: folder });
    const cli = startCli([...only, '--out', 'broken'], { cwd: folder });
    await waitForEvent(cli, (event) => event.type === 'stage-progress' && (event.progress.epoch ?? 0) >= 2);
    cli.process.kill('SIGINT');
    expect((await cli.ended).code).toBe(130);
    expect((await runCli([...only, '--out', 'broken'], { cwd: folder })).code).toBe(0);
    expect(readAllMetrics(path.join(folder, 'broken'))).toEqual(readAllMetrics(path.join(folder, 'whole')));
  },
);

const FOLDER_RECIPE =
  'kind: pretrain\nepochs: 1\nbatchSize: 8\nmodel: { arch: resnet18, stem: cifar, width: 4 }\nmoco: { queueSize: 8 }\ndata: { dataset: imagefolder }\naugment: [{ op: randomResizedCrop, size: 16 }]\n';

test('an unreadable image is named, and its stage fails', async () => {
  const folder = makeFolder();
  const root = await makeImages({ train: 8, val: 8 });
  const bad = spoil(root, 'train/dog/3.png');
  writeFileSync(path.join(folder, 'a.yaml'), FOLDER_RECIPE);
  const { code, stdout } = await runCli(['run', 'a.yaml', '--data', root], { cwd: folder });
  expect(code).toBe(1);
  expect(stdout).toContain('  DATA_IMAGE_UNREADABLE\n  Expected a readable JPEG, PNG or WebP image but ');
  expect(stdout).toContain(`${bad} is not: `);
  expect(stdout).toContain('hint: Replace the file or remove it from its class folder.');
  expect(existsSync(path.join(folder, 'runs/a/a/trial-1/pretrain/record.json'))).toBe(true);
});

test('a disk that fails to read an image is no bad image: the stage is tried again, and fails with the class of it', async () => {
  const folder = makeFolder();
  const root = await makeImages({ train: 8, val: 8 });
  const file = path.join(root, 'train/dog/3.png');
  rmSync(file);
  // Nothing is at address 0: Linux answers with EIO, as for a failing disk.
  symlinkSync('/proc/self/mem', file);
  writeFileSync(
    path.join(folder, 'a.yaml'),
    `kind: experiment\nlaunch: { retries: 1, retryDelay: 0 }\nmethods: { a: { extends: b.yaml } }\nevaluations: {}\n`,
  );
  writeFileSync(path.join(folder, 'b.yaml'), `${FOLDER_RECIPE}loader: { onBadImage: skip }\n`);
  const { code, stdout } = await runCli(['run', 'a.yaml', '--data', root], { cwd: folder });
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /retry .*\n[\s\S]* {2}STAGE_READ_FAILED\n {2}Expected the disk or the network drive .*EIO/,
  );
});
