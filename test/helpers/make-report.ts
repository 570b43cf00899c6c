// A run's folder with all that a report draws from, as a finished experiment of three methods leaves it.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { ResolvedExperiment } from '../../src/config/resolved.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import type { Stage, StageGraph } from '../../src/plan/stage-graph.ts';
import {
  CONFUSION_FILE,
  CROPS_FILE,
  MAP_FILE,
  NEIGHBOUR_IMAGES_FILE,
  NEIGHBOURS_FILE,
} from '../../src/runs/diagnostic-files.ts';
import { openRunStore, type RunStore } from '../../src/runs/run-store.ts';
import { makeExperiment, makeMethod } from './make-experiment.ts';
import { makeRecord } from './make-record.ts';

export interface MadeRun {
  readonly graph: StageGraph;
  readonly store: RunStore;
}

const V2 = [67.7, 67.6, 67.4];
export const EPOCHS = 12;
const CLASSES = ['airplane', 'cat', 'dog', 'ship'];

/** Loss of MoCo's pre-training after so many epochs, in a trial. */
export function lossAfter(epoch: number, trial: number): number {
  return 6 * Math.exp(-epoch / 5) + 2 + trial / 10;
}

/** Epochs after which kNN was measured while it trained. */
export const MONITORED = [5, 10, 12];

/** What it found then. */
export function knnAfter(epoch: number, trial: number): number {
  return 40 + Math.sqrt(epoch) + trial;
}

/** Makes the folder. kNN of the last trial is still to come. */
export async function makeRun(folder: string, changes: Partial<ResolvedExperiment> = {}): Promise<MadeRun> {
  const published = { lincls: { top1: { mean: 67.5, std: 0.1, trials: V2, source: 'table <1> & "more"' } } };
  const experiment = makeExperiment({
    name: 'demo',
    claim: 'MoCo <b>v2</b> & more.',
    trials: 3,
    methods: [
      makeMethod('untrained', { method: 'untrained' }),
      { ...makeMethod('mocov2', { epochs: EPOCHS }, published), label: 'MoCo v2' },
    ],
    fidelity: [
      {
        ...{ group: 'methods', name: 'mocov2', recipe: 'cifar10/moco-asymmetric' },
        departures: [{ path: 'epochs', theirs: 200, ours: EPOCHS, setBy: 'demo.yaml:7' }],
      },
    ],
    settings: [
      { part: 'methods.mocov2', settings: [{ path: 'epochs', value: EPOCHS, setBy: 'demo.yaml:7' }] },
    ],
    ...changes,
  });
  const graph = compilePlan(experiment, {});
  const store = openRunStore(folder, experiment.name);
  const sheet = await sharp({ create: { width: 90, height: 38, channels: 4, background: '#268' } })
    .png()
    .toBuffer();
  for (const stage of graph.stages) finish(stage, { graph, store, sheet });
  return { graph, store };
}

function finish(stage: Stage, { graph, store, sheet }: MadeRun & { readonly sheet: Buffer }): void {
  const { kind, method, trial = 0 } = stage;
  if (kind === 'report' || (kind === 'knn' && trial === 3)) return;
  const record = makeRecord(stage, graph);
  const top1 = method === 'untrained' ? 30 + trial : V2[trial - 1]!;
  const warnings = kind === 'pretrain' ? ['The queue is large.'] : [];
  store.writeRecord(stage.id, {
    ...record,
    engine: { name: 'wasm', threads: 1 },
    result: { ...record.result!, metrics: { top1, top5: 90 }, warnings },
  });
  const write = (name: string, content: string | Buffer) =>
    writeFileSync(path.join(store.folderOf(stage.id), name), content);
  if (kind === 'pretrain') {
    write('metrics.jsonl', renderPretrainMetrics(trial));
    write(CROPS_FILE, sheet);
  }
  if (kind === 'lincls') {
    write('metrics.jsonl', renderProbeMetrics(top1));
    write(CONFUSION_FILE, JSON.stringify(makeConfusion()));
  }
  if (kind === 'knn' && trial === 1) {
    write(MAP_FILE, JSON.stringify(makeMap()));
    write(NEIGHBOUR_IMAGES_FILE, sheet);
    const nearest = CLASSES.map((_, label) => ({ label, similarity: 0.9 }));
    write(NEIGHBOURS_FILE, JSON.stringify({ classes: CLASSES, queries: [{ label: 1, nearest }] }));
  }
}

/** A row every few steps, which no curve shows, a row an epoch, kNN after some, and a line that is still being written. */
function renderPretrainMetrics(trial: number): string {
  const rows = Array.from({ length: EPOCHS }, (_, epoch) => [
    { step: 10 * epoch + 10, epoch, split: 'train', loss: 99, lr: 0.06 },
    {
      ...{ step: 12 * (epoch + 1), epoch, split: 'train', epochAcc1: 5 * epoch },
      ...{ epochLoss: lossAfter(epoch + 1, trial), lr: 0.06 - epoch / 300, imagesPerSecond: 400 + trial },
    },
    ...(MONITORED.includes(epoch + 1)
      ? [{ step: 12 * (epoch + 1), epoch, split: 'val', knnTop1: knnAfter(epoch + 1, trial), knnTop5: 90 }]
      : []),
  ]);
  return `${rows
    .flat()
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')}{"step":999,"epochLo`;
}

function renderProbeMetrics(top1: number): string {
  const rows = Array.from({ length: 4 }, (_, epoch) => [
    { step: epoch, epoch, split: 'train', epochLoss: 2 - epoch / 4, lr: 30 },
    { step: epoch, epoch, split: 'val', acc1: top1 - 3 + epoch, acc5: 90, loss: 1 },
  ]);
  return rows
    .flat()
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

function makeConfusion() {
  const counts = CLASSES.flatMap((_, label) => [
    [label, label, 7],
    [label, (label + 1) % 4, 3],
  ]);
  return { classes: CLASSES, counts: counts.map(([a, b, n]) => [a, b, n]) };
}

function makeMap() {
  const labels = Array.from({ length: 40 }, (_, i) => i % 4);
  return {
    method: 'UMAP',
    classes: CLASSES,
    x: labels.map((l, i) => l + i / 50),
    y: labels.map((l, i) => l * l - i / 40),
    labels,
  };
}
