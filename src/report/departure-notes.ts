// The footnotes of the table: every way in which a method or an evaluation departs from its published recipe,
// under a mark that stands at its row or column.

import type { Fidelity } from '../config/fidelity.ts';
import type { Departure } from '../config/find-departures.ts';
import { formatSetting } from '../plan/render-departures.ts';

/** One footnote; methods of a sweep that depart alike share it. */
export interface DepartureNote {
  /** `a`, `b`, ... `z`, `aa`, ... */
  readonly mark: string;
  /** The published recipe: `mocov2`, `cifar10/lincls`, or a file. */
  readonly recipe: string;
  readonly departures: readonly Departure[];
  readonly methods: readonly string[];
  readonly evaluations: readonly string[];
}

/** Numbers what departs, methods first. */
export function noteDepartures(fidelity: readonly Fidelity[]): DepartureNote[] {
  const groups = new Map<string, Fidelity[]>();
  for (const each of fidelity.filter(({ departures }) => departures.length > 0)) {
    const key = JSON.stringify([each.recipe, each.departures]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((alike, index) => ({
    mark: renderMark(index),
    recipe: alike[0]!.recipe,
    departures: alike[0]!.departures,
    methods: alike.filter(({ group }) => group === 'methods').map(({ name }) => name),
    evaluations: alike.filter(({ group }) => group === 'evaluations').map(({ name }) => name),
  }));
}

/** The mark of a method or an evaluation; undefined where it is as published. */
export function findMark(
  notes: readonly DepartureNote[],
  group: Fidelity['group'],
  name: string,
): string | undefined {
  return notes.find((note) => note[group].includes(name))?.mark;
}

/** `[a] MoCo v1 departs from mocov1 in 2 settings: epochs 200 -> 6, batchSize 256 -> 32.` */
export function renderNote({ mark, recipe, departures }: DepartureNote, labels: readonly string[]): string {
  const settings = departures.map(
    ({ path, theirs, ours }) => `${path} ${formatSetting(theirs)} -> ${formatSetting(ours)}`,
  );
  const count = departures.length === 1 ? '1 setting' : `${departures.length} settings`;
  const subject = labels.length > 3 ? `${labels.length} methods depart` : `${labels.join(', ')} departs`;
  return `[${mark}] ${subject} from ${recipe} in ${count}: ${settings.join('; ')}.`;
}

function renderMark(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : renderMark(Math.floor(index / 26) - 1) + letter;
}
