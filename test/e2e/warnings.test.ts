// What a training warns of, where people and programs see it.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

/** Its queue takes 64 steps to fill. */
const EXPERIMENT = `kind: experiment
engine: wasm
data: { dataset: synthetic, synthetic: { classes: 4, train: 1040, val: 16, size: 16 } }
methods:
  moco:
    method: moco
    epochs: 1
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4, bn: split 2 }
    moco: { queueSize: 1024, dim: 128, keyMomentum: 0.9 }
    augment: [{ op: randomResizedCrop, size: 16 }]
evaluations: {}
`;

test('a loss that rises while the queue fills is told in the events, in the record and in the report', async () => {
  const folder = makeFolder();
  writeFileSync(path.join(folder, 'rising.yaml'), EXPERIMENT);
  const { code, stdout } = await runCli(['run', 'rising.yaml', '--json'], { cwd: folder });
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const told = events.flatMap((event) => (event.type === 'stage-warning' ? [event.message] : []));
  const rising = told.filter((message) => message.startsWith('The loss rises while the queue fills'));
  expect(rising).toEqual([
    expect.stringMatching(
      /^The loss rises while the queue fills with keys \(step \d+ of 64\): this is normal\. Chance is ln\(K \+ 1\) = 6\.932; it comes near that, and falls when the queue is full\.$/,
    ),
  ]);
  const runs = path.join(folder, 'runs/rising');
  const record = JSON.parse(readFileSync(path.join(runs, 'moco/trial-1/pretrain/record.json'), 'utf8'));
  expect(record.result.warnings).toContain(rising[0]);
  expect((await runCli(['report', 'rising.yaml'], { cwd: folder })).code).toBe(0);
  expect(readFileSync(path.join(runs, 'report/report.html'), 'utf8')).toContain(
    `<li>${rising[0]} <span class="muted">(moco/trial-1/pretrain)</span></li>`,
  );
});
