// The images that stages left: crops as they were fed, nearest neighbours; and the maps of features.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ResolvedEvaluation, ResolvedMethod } from '../../config/resolved.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import {
  CROPS_FILE,
  type FeatureMap,
  MAP_FILE,
  NEIGHBOUR_IMAGES_FILE,
  NEIGHBOURS_FILE,
  type Neighbours,
  readDiagnostic,
} from '../../runs/diagnostic-files.ts';
import { findCurrent } from '../../runs/find-current.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { MapFigure } from '../figures/draw-map.ts';
import { MAX_SERIES } from './collect-curves.ts';
import type { NeighbourSheet, Sheet } from './details.ts';

/** All images of a page together; what comes after is left out. */
const MAX_BYTES = 2 * 2 ** 20;

export interface ReportImages {
  readonly maps: readonly MapFigure[];
  readonly crops: readonly Sheet[];
  readonly neighbours: readonly NeighbourSheet[];
}

/** Collects what the first trials left. */
export function collectImages({ experiment, stages }: StageGraph, store: RunStore): ReportImages {
  const { evaluations } = experiment;
  const methods = experiment.methods.slice(0, MAX_SERIES);
  const first = stages.filter(({ trial }) => trial === 1);
  let bytes = 0;
  const fits = (sheet: Sheet) => {
    bytes += sheet.png.length;
    return bytes <= MAX_BYTES;
  };
  const collect = <Found>(
    kind: Stage['kind'],
    read: (folder: string, title: string, key: string) => Found[],
  ) =>
    methods.flatMap((method) =>
      listStages(first, { method, kind, store }).flatMap((stage) =>
        read(
          store.folderOf(stage.id),
          nameTitle(stage, method, evaluations),
          `${stage.evaluation ?? ''}-${method.name}`,
        ),
      ),
    );
  return {
    crops: collect('pretrain', readCrops).filter(fits),
    neighbours: collect('knn', readNeighbours).filter(fits),
    maps: collect('knn', readMap),
  };
}

function listStages(
  stages: readonly Stage[],
  {
    method,
    kind,
    store,
  }: { readonly method: ResolvedMethod; readonly kind: Stage['kind']; readonly store: RunStore },
): Stage[] {
  return stages.filter(
    (stage) => stage.method === method.name && stage.kind === kind && findCurrent(stage, store),
  );
}

function nameTitle(
  { evaluation }: Stage,
  { label }: ResolvedMethod,
  evaluations: readonly ResolvedEvaluation[],
): string {
  const own = evaluations.find(({ name }) => name === evaluation);
  return own ? `${label}, ${own.label}` : label;
}

function readCrops(folder: string, title: string): Sheet[] {
  const png = readImage(folder, CROPS_FILE);
  return png ? [{ title, png, description: `Crops of ${title}: queries above, their keys below.` }] : [];
}

function readNeighbours(folder: string, title: string): NeighbourSheet[] {
  const png = readImage(folder, NEIGHBOUR_IMAGES_FILE);
  const found = readDiagnostic<Neighbours>(folder, NEIGHBOURS_FILE);
  if (!png || !found) return [];
  const rows = found.queries.map(({ label, nearest }) => ({
    label: found.classes[label] ?? String(label),
    right: nearest.filter((each) => each.label === label).length,
    of: nearest.length,
  }));
  const told = rows.map(({ label, right, of }) => `${label} ${right} of ${of}`).join(', ');
  const description = `Held-out images of ${title} and their nearest training images; of the same class: ${told}.`;
  return [{ title, png, rows, description }];
}

function readMap(folder: string, title: string, key: string): MapFigure[] {
  const map = readDiagnostic<FeatureMap>(folder, MAP_FILE);
  if (!map) return [];
  const points = map.x.map((x, index) => ({ x, y: map.y[index]!, label: map.labels[index]! }));
  return [{ key: `map-${key}`, title: `${title}, trial 1`, classes: map.classes, points }];
}

function readImage(folder: string, name: string): Buffer | undefined {
  const file = path.join(folder, name);
  return existsSync(file) ? readFileSync(file) : undefined;
}
