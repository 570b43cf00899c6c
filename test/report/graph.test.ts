// The graph as a figure.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { compilePlan } from '../../src/plan/compile-plan.ts';
import { collectGraph } from '../../src/report/details/collect-graph.ts';
import { openRunStore } from '../../src/runs/run-store.ts';
import { makeFolder } from '../helpers/make-record.ts';

test.each(readdirSync('experiments').filter((name) => name.endsWith('.yaml')))(
  'every stage of %s has a place in the figure, behind those that it needs',
  (name) => {
    const { experiment } = loadConfig({ file: path.join('experiments', name), env: {} });
    const graph = compilePlan(experiment!, {});
    const figure = collectGraph(graph, openRunStore(makeFolder(), experiment!.name));
    const columns = new Map(
      figure.methods.flatMap(({ nodes }) => nodes.map((each) => [each.name, each.column])),
    );
    const nameOf = new Map(graph.stages.map((stage) => [stage.id, stage.evaluation ?? stage.kind]));
    for (const stage of graph.stages.filter(({ kind }) => kind !== 'report'))
      for (const need of [undefined, ...stage.needs])
        expect(columns.get(nameOf.get(stage.id)!)).toBeGreaterThan(
          need === undefined ? -1 : columns.get(nameOf.get(need)!)!,
        );
  },
);
