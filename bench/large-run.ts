// A folder of runs as 1,000 trials of 200 epochs each leave it, pre-training and linear classification.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../src/config/load-config.ts';
import { compilePlan } from '../src/plan/compile-plan.ts';
import { writeExperiment } from '../src/runs/experiment-file.ts';
import { openRunStore, type RunStore } from '../src/runs/run-store.ts';
import { makeRecord } from '../test/helpers/make-record.ts';

const EPOCHS = 200;

export interface LargeRun {
  /** The experiment. */
  readonly file: string;
  /** The folder of runs. */
  readonly runs: string;
  /** Of the experiment in there: `large`. */
  readonly store: RunStore;
}

/** Makes it in a folder; the report is still to be written. */
export function makeLargeRun(folder: string): LargeRun {
  const file = path.join(folder, 'large.yaml');
  writeFileSync(
    file,
    `kind: experiment
trials: 1000
data: { dataset: cifar10 }
methods:
  mocov2: { extends: ${path.resolve('configs/cifar10/moco-asymmetric.yaml')}, published: { lincls: { top1: { mean: 82.6, source: demo } } } }
evaluations:
  lincls: { extends: ${path.resolve('configs/cifar10/lincls.yaml')}, epochs: ${EPOCHS} }
`,
  );
  const { experiment } = loadConfig({ file, env: {} });
  const graph = compilePlan(experiment!, {});
  const runs = path.join(folder, 'runs');
  const store = openRunStore(runs, 'large');
  for (const stage of graph.stages) {
    const { kind, trial = 0 } = stage;
    if (kind === 'report') continue;
    const record = makeRecord(stage, graph);
    const metrics = { top1: 82 + (trial % 17) / 10, top5: 99 };
    store.writeRecord(stage.id, { ...record, result: { ...record.result!, metrics } });
    if (kind === 'pretrain' || kind === 'lincls')
      writeFileSync(path.join(store.folderOf(stage.id), 'metrics.jsonl'), renderMetrics(kind, trial));
  }
  writeExperiment(store.folder, experiment!);
  return { file, runs, store };
}

function renderMetrics(kind: 'pretrain' | 'lincls', trial: number): string {
  const rows = Array.from({ length: EPOCHS }, (_, epoch) => {
    const place = { step: 97 * (epoch + 1), epoch };
    const value = Math.exp(-epoch / 50) + trial / 1000;
    const measured = {
      epochAcc1: 80 - value,
      epochAcc5: 90,
      epochLoss: value,
      lr: 0.06,
      imagesPerSecond: 900,
    };
    return [
      { ...place, split: 'train', ...measured },
      kind === 'lincls'
        ? { ...place, split: 'val', acc1: 80 - value, acc5: 99, loss: value }
        : { ...place, split: 'val', knnTop1: 80 - value, knnTop5: 99 },
    ];
  });
  return rows
    .flat()
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}
