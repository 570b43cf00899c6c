// `--set path=value` and the flags that stand for one. In an experiment a path may begin with a key of
// the document, a method or an evaluation; else it goes to every method that has it, then to every
// evaluation.

import { parse } from 'yaml';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import { type Located, type LocatedMap, setAt } from './located.ts';
import { type DocumentKind, hasPath, listKeys } from './validate.ts';

/** A value set from outside the file. */
export interface Override {
  readonly path: readonly string[];
  readonly value: Located;
  /** As the user wrote it: `--set moco.temperature=0.1`. */
  readonly text: string;
}

/** Parses `moco.temperature=0.1`. The value is YAML. */
export function parseSet(text: string, problems: Problem[]): Override[] {
  const split = text.indexOf('=');
  if (split <= 0) {
    problems.push({
      code: 'CONFIG_SET_SYNTAX',
      message: `Expected --set PATH=VALUE but received ${JSON.stringify(text)}.`,
      hint: 'For example: --set moco.temperature=0.1',
    });
    return [];
  }
  const raw = text.slice(split + 1);
  let value: unknown = raw;
  try {
    value = parse(raw);
  } catch {
    // Not YAML: taken as text.
  }
  return [makeOverride(text.slice(0, split).split('.'), value, `--set ${text}`)];
}

/** An override from a flag. */
export function makeOverride(path: readonly string[], value: unknown, text: string): Override {
  return { path, value: toLocated(value, text), text };
}

function toLocated(value: unknown, text: string): Located {
  const origin = { kind: 'flag', text } as const;
  if (Array.isArray(value))
    return { kind: 'list', origin, items: value.map((item) => toLocated(item, text)) };
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { keyOrigin: origin, value: toLocated(item, text) }] as const,
    );
    return { kind: 'map', origin, entries: new Map(entries) };
  }
  return { kind: 'scalar', origin, value: value as null | boolean | number | string };
}

/** Sets a value in a recipe that is run alone. */
export function overrideRecipe(
  recipe: LocatedMap,
  kind: DocumentKind,
  override: Override,
  problems: Problem[],
): LocatedMap {
  if (hasPath(kind, override.path) || override.path[0] === 'matrix')
    return setAt(recipe, override.path, override.value) as LocatedMap;
  problems.push(reportUnknown(override, listKeys(kind, override.path.slice(0, -1))));
  return recipe;
}

/** A method or an evaluation of an experiment, merged but not yet validated. */
export interface Entry {
  readonly group: 'methods' | 'evaluations';
  readonly name: string;
  readonly kind: Exclude<DocumentKind, 'experiment'>;
  readonly map: LocatedMap;
  /** What it extends, and the two merged as the files say, before any flag. */
  readonly written: readonly LocatedMap[];
}

/** An experiment's own settings and its entries. */
export interface ExperimentParts {
  readonly document: LocatedMap;
  readonly entries: readonly Entry[];
}

/** Sets a value in the place that the path means. */
export function overrideExperiment(
  parts: ExperimentParts,
  override: Override,
  problems: Problem[],
): ExperimentParts {
  const { document, entries } = parts;
  const [first, ...rest] = override.path;
  const setIn = (chosen: readonly Entry[], path: readonly string[]) => ({
    document,
    entries: entries.map((entry) =>
      chosen.includes(entry)
        ? { ...entry, map: setAt(entry.map, path, override.value) as LocatedMap }
        : entry,
    ),
  });
  const path = first === 'methods' || first === 'evaluations' ? rest : override.path;
  const named = entries.filter(({ name }) => name === path[0]);
  if (named.length > 0 && path.length > 1) return setIn(named, path.slice(1));
  const takers = (['methods', 'evaluations'] as const)
    .map((group) => entries.filter((entry) => entry.group === group && hasPath(entry.kind, override.path)))
    .find((group) => group.length > 0);
  if (takers && !OWN_KEYS.includes(first!))
    return setIn(SHARED_KEYS.includes(first!) ? entries : takers, override.path);
  if (listKeys('experiment', []).includes(first!))
    return { document: setAt(document, override.path, override.value) as LocatedMap, entries };
  const known = [
    ...entries.map(({ name }) => name),
    ...listKeys('experiment', []),
    ...listKeys('pretrain', override.path.slice(0, -1)),
  ];
  problems.push(reportUnknown(override, known));
  return parts;
}

/** Keys of an experiment that recipes have too, but mean something else there. */
const OWN_KEYS = ['name', 'seed', 'trials', 'launch', 'report', 'tracking', 'claim', 'source', 'hardware'];
/** Keys that go to methods and evaluations alike. */
const SHARED_KEYS = ['engine', 'data', 'loader'];

function reportUnknown({ path, text }: Override, known: readonly string[]): Problem {
  const nearest = findNearest(path.at(-1)!, known) ?? findNearest(path[0]!, known);
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    message: `Expected a known key but ${text} sets ${path.join('.')}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `Known keys here: ${known.join(', ')}.`,
  };
}
