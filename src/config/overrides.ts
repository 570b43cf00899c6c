// `--set path=value` and the flags that stand for one. In an experiment a path may begin with a key of
// the document, a method or an evaluation; else it goes to every method that has it, then to every
// evaluation.

import { parse } from 'yaml';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import { childOf, type Located, type LocatedMap, setAt } from './located.ts';
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

/** The experiment with a value set, and the entries (`methods.x`, `evaluations.y`) with theirs. */
export function overrideExperiment(
  document: LocatedMap,
  override: Override,
  {
    kindOf,
    problems,
  }: { readonly kindOf: (entry: Located | undefined) => DocumentKind; readonly problems: Problem[] },
): LocatedMap {
  const [first, ...rest] = override.path;
  if (
    listKeys('experiment', []).includes(first!) &&
    (rest.length === 0 || !['data', 'engine'].includes(first!))
  ) {
    return setAt(document, override.path, override.value) as LocatedMap;
  }
  if (first === 'data') return setAt(document, override.path, override.value) as LocatedMap;
  const entries = ['methods', 'evaluations'].map((group) => [group, childOf(document, group)] as const);
  for (const [group, members] of entries) {
    if (members?.kind === 'map' && members.entries.has(first!))
      return setAt(document, [group, ...override.path], override.value) as LocatedMap;
  }
  for (const [group, members] of entries) {
    if (members?.kind !== 'map') continue;
    const takers = [...members.entries]
      .filter(([, { value }]) => hasPath(kindOf(value), override.path))
      .map(([name]) => name);
    if (takers.length > 0) {
      return takers.reduce(
        (current, name) => setAt(current, [group, name, ...override.path], override.value) as LocatedMap,
        document,
      );
    }
  }
  const names = entries.flatMap(([, members]) =>
    members?.kind === 'map' ? [...members.entries.keys()] : [],
  );
  problems.push(
    reportUnknown(override, [
      ...names,
      ...listKeys('experiment', []),
      ...listKeys('pretrain', override.path.slice(0, -1)),
    ]),
  );
  return document;
}

function reportUnknown({ path, text }: Override, known: readonly string[]): Problem {
  const nearest = findNearest(path.at(-1)!, known) ?? findNearest(path[0]!, known);
  return {
    code: 'CONFIG_UNKNOWN_KEY',
    message: `Expected a known key but ${text} sets ${path.join('.')}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `Known keys here: ${known.join(', ')}.`,
  };
}
