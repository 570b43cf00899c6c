// How the linear classifiers do class by class: the matrices of all trials of a method, added up.

import type { ResolvedExperiment } from '../../config/resolved.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import { CONFUSION_FILE, type Confusion, readDiagnostic } from '../../runs/diagnostic-files.ts';
import { isCurrent } from '../../runs/find-current.ts';
import type { RunStore } from '../../runs/run-store.ts';
import type { ClassesFigure } from '../figures/draw-classes.ts';
import type { ConfusionFigure } from '../figures/draw-confusion.ts';
import { MAX_SERIES } from './collect-curves.ts';

/** A matrix of more classes is a grey square. */
const MATRIX_CLASSES = 30;
/** Classes that a figure lists: all of few, else the worst and the best half. */
const LISTED_CLASSES = 24;

/** A method's matrix over its trials. */
interface Added {
  readonly label: string;
  readonly style: number;
  readonly classes: readonly string[];
  readonly counts: ReadonlyMap<number, number>;
  /** Held-out images of each class, over all trials. */
  readonly totals: readonly number[];
}

export interface ProbeFigures {
  readonly classes: readonly ClassesFigure[];
  readonly confusions: readonly ConfusionFigure[];
}

/** Collects the figures of every linear evaluation that left matrices. */
export function collectProbe({ experiment, stages }: StageGraph, store: RunStore): ProbeFigures {
  const found = experiment.evaluations
    .filter(({ recipe }) => recipe.kind === 'lincls')
    .map(({ name, label }) => {
      const own = stages.filter(({ evaluation }) => evaluation === name);
      return { name, label, added: addUp(experiment, own, store) };
    });
  return {
    classes: found.flatMap(({ name, label, added }) => {
      const first = added[0];
      if (!first) return [];
      const listed = chooseClasses(first.classes, added);
      return {
        key: `${name}-classes`,
        title: `Accuracy by class, ${label}`,
        classes: listed.map((index) => first.classes[index]!),
        series: added.map((each) => ({
          ...{ label: each.label, style: each.style },
          accuracies: listed.map((index) => 100 * shareRight(each, index)),
        })),
      };
    }),
    confusions: found.flatMap(({ name, label, added }) =>
      added
        .filter(({ classes }) => classes.length <= MATRIX_CLASSES)
        .map((each) => ({
          ...{
            key: `${name}-confusion-${each.style}`,
            title: `${each.label}, ${label}: percent of each class`,
          },
          ...{ classes: each.classes, cells: listCells(each) },
        })),
    ),
  };
}

function addUp({ methods }: ResolvedExperiment, stages: readonly Stage[], store: RunStore): Added[] {
  return methods.slice(0, MAX_SERIES).flatMap(({ name, label }, style) => {
    const matrices = stages
      .filter((stage) => stage.method === name && isCurrent(stage, store, 'done'))
      .flatMap(({ id }) => readDiagnostic<Confusion>(store.folderOf(id), CONFUSION_FILE) ?? []);
    const classes = matrices[0]?.classes;
    if (!classes) return [];
    const counts = new Map<number, number>();
    const totals = classes.map(() => 0);
    for (const [truth, predicted, count] of matrices.flatMap((matrix) => matrix.counts)) {
      const key = truth * classes.length + predicted;
      counts.set(key, (counts.get(key) ?? 0) + count);
      totals[truth] = (totals[truth] ?? 0) + count;
    }
    return { label, style, classes, counts, totals };
  });
}

function shareRight({ classes, counts, totals }: Added, index: number): number {
  return (counts.get(index * classes.length + index) ?? 0) / Math.max(1, totals[index]!);
}

/** Best first, by the mean over the methods. */
function chooseClasses(classes: readonly string[], added: readonly Added[]): number[] {
  const score = (index: number) => added.reduce((sum, each) => sum + shareRight(each, index), 0);
  const ranked = classes.map((_, index) => index).sort((a, b) => score(b) - score(a) || a - b);
  if (ranked.length <= LISTED_CLASSES) return ranked;
  return [...ranked.slice(0, LISTED_CLASSES / 2), ...ranked.slice(-LISTED_CLASSES / 2)];
}

function listCells({ classes, counts, totals }: Added): ConfusionFigure['cells'] {
  return [...counts].map(([key, count]) => {
    const [truth, predicted] = [Math.floor(key / classes.length), key % classes.length];
    return { truth: classes[truth]!, predicted: classes[predicted]!, share: count / totals[truth]! };
  });
}
