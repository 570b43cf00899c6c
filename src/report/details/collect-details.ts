// Collects everything that a report shows beside its table.

import type { StageGraph } from '../../plan/stage-graph.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { TrialsFigure } from '../figures/draw-trials.ts';
import type { Report } from '../report.ts';
import { collectCurves, MAX_SERIES } from './collect-curves.ts';
import { collectEnvironment, collectWarnings } from './collect-environment.ts';
import { collectGraph } from './collect-graph.ts';
import { collectImages } from './collect-images.ts';
import { collectProbe } from './collect-probe.ts';
import type { ReportDetails } from './details.ts';
import { type ReadTable, readEpochTable } from './epoch-table.ts';
import { readReference } from './read-reference.ts';

/** Methods whose trials are drawn as rows of one figure. */
const MAX_ROWS = 2 * MAX_SERIES;

/** An experiment, what lies on disk of it, and its table. */
export interface CollectedRun {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly report: Report;
}

/** Collects what is there at this moment. Throws REPORT_REFERENCE_UNREADABLE. */
export function collectDetails(
  { graph, store, report }: CollectedRun,
  readTable: ReadTable = readEpochTable,
): ReportDetails {
  const { experiment } = graph;
  const file = experiment.report.reference;
  const reference = file === undefined ? new Map() : readReference(file);
  return {
    trials: listTrials(report),
    curves: collectCurves(graph, store, { reference, readTable }),
    ...collectProbe(graph, store),
    ...collectImages(graph, store),
    graph: collectGraph(graph, store),
    settings: experiment.settings ?? [],
    environment: collectEnvironment(graph, store),
    warnings: collectWarnings(graph, store),
  };
}

function listTrials({ rows, columns, judging }: Report): TrialsFigure[] {
  return columns.flatMap(({ key, label }, index) => {
    const shown = rows.slice(0, MAX_ROWS).flatMap((row, style) => {
      const cell = row.cells[index]!;
      if (!cell.aggregate) return [];
      const values = cell.trials.flatMap(({ value }) => value ?? []);
      return {
        ...{ label: row.label, style, values, mean: cell.aggregate.mean },
        published: cell.published?.mean ?? null,
      };
    });
    if (shown.length === 0) return [];
    return {
      key: `trials-${key}`,
      title: label,
      xLabel: `${label}, percent`,
      margin: judging.margin,
      rows: shown,
    };
  });
}
