// How long `moco plan` takes on a matrix of 2,000 methods: 12,001 stages.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { renderMs, timeMoco } from './measure.ts';

const LIMIT_MS = 3000;
const list = (count: number, value: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => value(i)).join(', ');

const folder = mkdtempSync(path.join(tmpdir(), 'mocolab-bench-'));
const file = path.join(folder, 'large.yaml');
writeFileSync(
  file,
  `kind: experiment
trials: 2
data: { dataset: cifar10 }
methods:
  sweep:
    batchSize: 256
    moco: { queueSize: 4096 }
    augment: [{ op: randomResizedCrop, size: 32 }]
    matrix:
      optimizer.lr: [${list(40, (i) => String((i + 1) / 100))}]
      moco.temperature: [${list(25, (i) => String((i + 1) / 50))}]
evaluations:
  lincls: { kind: lincls, augment: [{ op: centerCrop, size: 32 }], evalTransform: [{ op: centerCrop, size: 32 }] }
  knn: { kind: knn, evalTransform: [{ op: centerCrop, size: 32 }] }
  knn20: { kind: knn, k: 20, evalTransform: [{ op: centerCrop, size: 32 }] }
`,
);
const timing = timeMoco(['plan', file, '--out', path.join(folder, 'runs'), '--format', 'json'], 5);
const { stages } = JSON.parse(timing.stdout).totals as { stages: number };
rmSync(folder, { recursive: true });
const held = timing.medianMs < LIMIT_MS && stages >= 10_000;
console.log(
  `plan of ${stages} stages: ${renderMs(timing)}, limit ${LIMIT_MS} ms: ${held ? 'held' : 'NOT HELD'}`,
);
process.exitCode = held ? 0 : 1;
