// The graph as a figure: per method and stage how many trials are done, and the mean time of one.

import { formatDuration } from '../../plan/format-quantity.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import { findCurrent } from '../../runs/find-current.ts';
import type { RunRecord } from '../../runs/run-record.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { GraphFigure, GraphNode } from '../figures/draw-graph.ts';

/** Rows that a figure shows. */
const MAX_METHODS = 12;
const COLUMNS: readonly Stage['kind'][][] = [
  ['pretrain'],
  ['extract'],
  ['sanity-check'],
  ['lincls', 'knn', 'detection'],
];

/** Collects the figure; methods beyond the twelfth are left out, and the title says so. */
export function collectGraph({ experiment, stages }: StageGraph, store: RunStore): GraphFigure {
  const { methods } = experiment;
  const shown = methods.slice(0, MAX_METHODS);
  const hidden = methods.length - shown.length;
  const byMethod = groupByMethod(stages);
  return {
    key: 'graph',
    title: `Stages: trials done, mean time of one${hidden > 0 ? `; ${hidden} more methods` : ''}`,
    methods: shown.map(({ name, label }) => ({ label, nodes: listNodes(byMethod.get(name) ?? [], store) })),
  };
}

function groupByMethod(stages: readonly Stage[]): Map<string | undefined, Stage[]> {
  const groups = new Map<string | undefined, Stage[]>();
  for (const stage of stages) {
    const group = groups.get(stage.method);
    if (group) group.push(stage);
    else groups.set(stage.method, [stage]);
  }
  return groups;
}

function listNodes(stages: readonly Stage[], store: RunStore): GraphNode[] {
  const names = new Map<string, Stage[]>();
  for (const stage of stages) {
    const name = stage.evaluation ?? stage.kind;
    names.set(name, [...(names.get(name) ?? []), stage]);
  }
  return [...names].map(([name, trials]) => {
    const records = trials.flatMap((stage) => findCurrent(stage, store) ?? []);
    const done = records.filter(({ state }) => state === 'done');
    const times = done.flatMap(({ durationMs }) => durationMs ?? []);
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    return {
      name,
      column: COLUMNS.findIndex((kinds) => kinds.includes(trials[0]!.kind)),
      state: findState(records, trials.length),
      count: `${done.length}/${trials.length}`,
      time: times.length > 0 ? formatDuration(mean) : '',
    };
  });
}

function findState(records: readonly RunRecord[], trials: number): GraphNode['state'] {
  if (records.some(({ state }) => state === 'failed')) return 'failed';
  if (records.some(({ state }) => state === 'running')) return 'running';
  return records.length === trials && records.every(({ state }) => state === 'done') ? 'done' : 'open';
}
