// What a metrics.jsonl says of whole epochs. The rows of single steps, a hundred times as many, are skipped
// before they are parsed; so is a last line that is still being written.

import { existsSync, readFileSync } from 'node:fs';

/** Numbers of one epoch by field, as the stage wrote them. */
export interface EpochRow {
  /** 0-based. */
  readonly epoch: number;
  readonly split: 'train' | 'val';
  readonly [field: string]: number | string | null;
}

const MARKS = ['"epochLoss":', '"split":"val"'];

/** Reads the rows of epochs in order; none where the file is not there yet. */
export function readEpochs(file: string): EpochRow[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'latin1');
  const rows: EpochRow[] = [];
  for (const mark of MARKS) {
    let at = text.indexOf(mark);
    while (at >= 0) {
      const end = text.indexOf('\n', at);
      if (end < 0) break;
      const row = parseRow(text.slice(text.lastIndexOf('\n', at) + 1, end));
      if (row) rows.push(row);
      at = text.indexOf(mark, end);
    }
  }
  return rows;
}

function parseRow(line: string): EpochRow | undefined {
  try {
    const row = JSON.parse(line) as EpochRow;
    return Number.isInteger(row?.epoch) ? row : undefined;
  } catch {
    return undefined;
  }
}
