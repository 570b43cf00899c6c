// A small training of ranks, what goes wrong with one of them (test/rig/faulty-worker.mjs), and what it came to.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readMetricsLog, renderWithoutTimes } from '../../src/runs/metrics-log.ts';

/** On rank `rank`, the `after`-th time that it comes to `at`. */
export interface Fault {
  readonly rank: number;
  readonly at: 'forward' | 'allReduce' | 'save';
  readonly after: number;
  readonly how: 'kill' | 'hang';
}

export const STAGE = 'moco/trial-1/pretrain';

/** Writes demo.yaml: three epochs of ten steps. `launch`: settings as YAML has them in braces. */
export function writeTraining(folder: string, { engine, launch }: { engine: string; launch: string }): void {
  const text = `kind: experiment
name: demo
launch: { ${launch} }
data: { dataset: synthetic, synthetic: { classes: 2, train: 160, val: 16, size: 16 } }
methods:
  moco:
    engine: ${engine}
    epochs: 3
    batchSize: 16
    model: { arch: resnet18, stem: cifar, width: 4 }
    moco: { queueSize: 32, dim: 16 }
    augment: [{ op: randomResizedCrop, size: 16 }, { op: randomHorizontalFlip }]
    loader: { threads: 1 }
`;
  writeFileSync(path.join(folder, 'demo.yaml'), text);
}

/** The environment in which a fault befalls the training. */
export function causeFault(fault: Fault | undefined): { readonly [name: string]: string } {
  if (!fault) return {};
  return { MOCO_WORKER: path.resolve('test/rig/faulty-worker.mjs'), FAULT: JSON.stringify(fault) };
}

/** The folder of the training below that of its demo.yaml. */
export function locateTraining(folder: string): string {
  return path.join(folder, 'runs/demo', STAGE);
}

/** All that was measured, times apart, and the hash of the last checkpoint. */
export function readTraining(folder: string): { readonly metrics: string; readonly checkpoint: string } {
  const stage = locateTraining(folder);
  const checkpoint = readFileSync(path.join(stage, 'checkpoint_0002.pth.tar'));
  return {
    metrics: renderWithoutTimes(readMetricsLog(path.join(stage, 'metrics.jsonl'))),
    checkpoint: createHash('sha256').update(checkpoint).digest('hex'),
  };
}
