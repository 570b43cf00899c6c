// `matrix:` turns one recipe into many: the product of its axes (a list of values for any dotted key),
// times its named `cells`, less what `exclude` lists. Cells are named by what sets them apart: `temperature=0.2`, or the cell's own name.

import type { Problem } from '../core/problem.ts';
import {
  childOf,
  countValues,
  getAt,
  type Located,
  type LocatedMap,
  omitKeys,
  setAt,
  toJson,
  whereOf,
} from './located.ts';

/** One recipe of a sweep. `suffix` is empty where there was no matrix. */
export interface MatrixCell {
  readonly suffix: string;
  readonly recipe: LocatedMap;
}

/** A name part with the settings it stands for. */
interface Choice {
  readonly name: string;
  readonly settings: readonly (readonly [path: readonly string[], value: Located])[];
}

/** Expands a recipe. Problems are pushed; then there are no cells. */
export function expandMatrix(recipe: LocatedMap, problems: Problem[]): MatrixCell[] {
  const matrix = childOf(recipe, 'matrix');
  const base = omitKeys(recipe, ['matrix']);
  if (!matrix) return [{ suffix: '', recipe: base }];
  const groups = [...listAxes(matrix, problems), ...listCells(childOf(matrix, 'cells'))];
  const excluded = listExcluded(childOf(matrix, 'exclude'));
  const count = groups.reduce((product, group) => product * group.length, 1);
  const values = countValues(base);
  if (count > MAX_CELLS || count * values > MAX_VALUES) {
    problems.push(reportTooLarge(matrix, { count, values }));
    return [];
  }
  const combinations = groups.reduce<Choice[][]>(
    (product, group) => product.flatMap((cell) => group.map((choice) => [...cell, choice])),
    [[]],
  );
  const cells = combinations
    .filter((choices) => !excluded.some((exclusion) => matches(choices, exclusion)))
    .map((choices) => applyChoices(base, choices));
  if (groups.length > 0 && cells.length > 0) return cells;
  problems.push(reportEmpty(matrix));
  return [];
}

/** More recipes than this out of one are a slip, and take seconds to check. */
const MAX_CELLS = 4096;
/** Of all cells together. A recipe has about a hundred. */
const MAX_VALUES = 1_000_000;

const NO_AXES = ['cells', 'exclude'];

function listAxes(matrix: Located, problems: Problem[]): Choice[][] {
  if (matrix.kind !== 'map') return [];
  const axes = [...matrix.entries].filter(([key]) => !NO_AXES.includes(key));
  return axes.map(([key, { value }]) => {
    if (value.kind !== 'list') {
      problems.push(reportNoList(key, value));
      return [{ name: '', settings: [] }];
    }
    if (value.items.length === 0) problems.push(reportEmpty(value));
    const path = key.split('.');
    return value.items.map(
      (item): Choice => ({ name: `${path.at(-1)}=${renderValue(item)}`, settings: [[path, item]] }),
    );
  });
}

function reportNoList(key: string, node: Located): Problem {
  const where = whereOf(node.origin);
  return {
    code: 'CONFIG_WRONG_TYPE',
    message: `Expected a list of values for matrix.${key} but received ${JSON.stringify(toJson(node))}.`,
    hint: 'For example: matrix: { moco.temperature: [0.07, 0.2] }. Settings that go together are cells.',
    ...(where ? { where } : {}),
  };
}

function listCells(cells: Located | undefined): Choice[][] {
  if (cells?.kind !== 'map' || cells.entries.size === 0) return [];
  const choices = [...cells.entries].map(([name, { value }]): Choice => {
    const settings = value.kind === 'map' ? [...value.entries] : [];
    return { name, settings: settings.map(([key, entry]) => [key.split('.'), entry.value] as const) };
  });
  return [choices];
}

function listExcluded(exclude: Located | undefined): ReadonlyMap<string, string>[] {
  if (exclude?.kind !== 'list') return [];
  return exclude.items.flatMap((item) =>
    item.kind === 'map'
      ? [new Map([...item.entries].map(([key, { value }]) => [key, JSON.stringify(toJson(value))] as const))]
      : [],
  );
}

/** A key `cell` excludes a named cell; any other key must have that value. */
function matches(choices: readonly Choice[], exclusion: ReadonlyMap<string, string>): boolean {
  const settings = new Map(
    choices.flatMap((choice) =>
      choice.settings.map(([path, value]) => [path.join('.'), JSON.stringify(toJson(value))]),
    ),
  );
  const names = choices.map(({ name }) => JSON.stringify(name));
  return [...exclusion].every(([key, value]) =>
    key === 'cell' ? names.includes(value) : settings.get(key) === value,
  );
}

function applyChoices(base: LocatedMap, choices: readonly Choice[]): MatrixCell {
  const recipe = choices
    .flatMap(({ settings }) => settings)
    .reduce(
      (current, [path, value]) => setAt(current, path, mergeOver(getAt(current, path), value)) as LocatedMap,
      base,
    );
  return { suffix: choices.map(({ name }) => makeSafe(name)).join('-'), recipe };
}

/** Maps in a cell merge into the recipe, as everywhere. */
function mergeOver(known: Located | undefined, value: Located): Located {
  if (known?.kind !== 'map' || value.kind !== 'map') return value;
  return [...value.entries].reduce<Located>(
    (merged, [key, entry]) => setAt(merged, [key], mergeOver(childOf(merged, key), entry.value)),
    known,
  );
}

/** Only what a folder's name may hold. */
function makeSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9._+=-]+/g, '_');
}

function renderValue(value: Located): string {
  const json = toJson(value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

function reportEmpty(node: Located): Problem {
  const where = whereOf(node.origin);
  return {
    code: 'CONFIG_MATRIX_EMPTY',
    message: 'Expected at least one cell in the matrix but it has none.',
    hint: 'Give every axis a value, exclude less, or remove the matrix.',
    ...(where ? { where } : {}),
  };
}

function reportTooLarge(
  node: Located,
  { count, values }: { readonly count: number; readonly values: number },
): Problem {
  const where = whereOf(node.origin);
  return {
    code: 'CONFIG_MATRIX_LARGE',
    message:
      count > MAX_CELLS
        ? `Expected at most ${MAX_CELLS} cells in the matrix but its axes multiply to ${count}.`
        : `Expected the cells of the matrix to have at most ${MAX_VALUES} values together but ${count} cells of a recipe of ${values} values have more.`,
    hint: 'Values that go together are cells, not axes: matrix: { cells: { small: { batchSize: 256, optimizer.lr: 0.03 } } }.',
    ...(where ? { where } : {}),
  };
}
