// The epochs of a stage as columns of numbers: a tenth of what rows of objects take, so that those of a thousand
// trials fit in memory, and may be kept there.

import type { TrialCurve } from './average-curves.ts';
import { type EpochRow, readEpochs } from './read-epochs.ts';

export type EpochTable = { readonly [Split in EpochRow['split']]: Columns };

interface Columns {
  /** `epoch` and what was measured. */
  readonly fields: readonly string[];
  /** NaN where a row does not have the field. [rows, fields] */
  readonly values: Float64Array;
}

/** Reads or remembers the table of a metrics.jsonl; it is empty where the file is not there yet. */
export type ReadTable = (file: string) => EpochTable;

/** Reads the table of a metrics.jsonl. */
export const readEpochTable: ReadTable = (file) => {
  const rows = readEpochs(file);
  return {
    train: makeColumns(rows.filter(({ split }) => split === 'train')),
    val: makeColumns(rows.filter(({ split }) => split === 'val')),
  };
};

function makeColumns(rows: readonly EpochRow[]): Columns {
  const names = new Set<string>();
  for (const row of rows) for (const name in row) if (typeof row[name] === 'number') names.add(name);
  const fields = [...names];
  const values = new Float64Array(rows.length * fields.length);
  rows.forEach((row, at) => {
    fields.forEach((name, column) => {
      const value = row[name];
      values[at * fields.length + column] = typeof value === 'number' ? value : Number.NaN;
    });
  });
  return { fields, values };
}

/** Where a quantity stands. */
interface PlacedField {
  readonly split: EpochRow['split'];
  readonly field: string;
}

/** Shows the points of one quantity, each after so many whole epochs. */
export function showPoints(table: EpochTable, { split, field }: PlacedField): TrialCurve {
  const { fields, values } = table[split];
  const [epochs, column] = [fields.indexOf('epoch'), fields.indexOf(field)];
  return (show) => {
    if (column < 0) return;
    for (let at = 0; at < values.length; at += fields.length) {
      const value = values[at + column]!;
      if (!Number.isNaN(value)) show(values[at + epochs]! + 1, value);
    }
  };
}

/** Whether the quantity has any point. */
export function hasPoints(table: EpochTable, { split, field }: PlacedField): boolean {
  return table[split].fields.includes(field);
}

/** Memory of a table. */
export function countBytes({ train, val }: EpochTable): number {
  return train.values.byteLength + val.values.byteLength;
}
