// Records and folders of finished stages for tests, as a run leaves them.

import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Stage, StageGraph } from '../../src/plan/stage-graph.ts';
import type { RunRecord } from '../../src/runs/run-record.ts';
import type { RunStore } from '../../src/runs/run-store.ts';

/** A new, empty folder below the system's temporary one; it goes when the test is over. */
export function makeFolder(): string {
  const folder = createFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The same for several tests of a file: it goes when the process ends. */
export function makeSharedFolder(): string {
  const folder = createFolder();
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function createFolder(): string {
  return realpathSync(mkdtempSync(path.join(os.tmpdir(), 'mocolab-test-')));
}

/** The record of a stage that finished in 10 s: 1,000 images at 125 a second, and 2 s beside them. */
export function makeRecord(stage: Stage, graph: StageGraph, changes: Partial<RunRecord> = {}): RunRecord {
  const { id, kind, method, trial, evaluation } = stage;
  const fingerprints = new Map(graph.stages.map((other) => [other.id, other.fingerprint]));
  return {
    recordVersion: 1,
    state: 'done',
    stage: {
      id,
      kind,
      ...(method === undefined ? {} : { method }),
      ...(trial === undefined ? {} : { trial }),
      ...(evaluation === undefined ? {} : { evaluation }),
    },
    fingerprint: stage.fingerprint,
    identity: stage.identity,
    inputs: Object.fromEntries(stage.needs.map((need) => [need, fingerprints.get(need) ?? ''])),
    reason: 'never run',
    seed: stage.seed,
    startedAt: '2025-01-01T00:00:00.000Z',
    endedAt: '2025-01-01T00:00:10.000Z',
    durationMs: 10_000,
    host: { name: 'here', platform: 'linux x64', cpu: 'test', cores: 2, memoryBytes: 1e9 },
    versions: {},
    overrides: [],
    result: {
      metrics: { top1: 50 },
      outputs: [{ path: 'out.txt', bytes: 3, sha256: createHash('sha256').update('out').digest('hex') }],
      images: stage.cost.devices > 0 ? 1000 : 0,
      imagesPerSecond: stage.cost.devices > 0 ? 125 : null,
      peakMemoryBytes: 1,
      warnings: [],
    },
    ...changes,
  };
}

/** Leaves every stage of a graph finished, with its record and its output. */
export function finishAll(graph: StageGraph, store: RunStore): void {
  for (const stage of graph.stages) {
    store.writeRecord(stage.id, makeRecord(stage, graph));
    writeFileSync(path.join(store.folderOf(stage.id), 'out.txt'), 'out');
  }
}
