// The curves of stages, read again only where their file has changed: of a thousand trials few train at a time.

import {
  countBytes,
  type EpochTable,
  type ReadTable,
  readEpochTable,
} from '../report/details/epoch-table.ts';
import { stampOf } from './stamp-of.ts';

/** Tables that are kept; 1,000 trials of 200 epochs take 26 MB. */
const MAX_BYTES = 64e6;

/** Makes a reader that remembers. What it has not been asked for the longest goes first. */
export function rememberTables(maxBytes = MAX_BYTES): ReadTable {
  const known = new Map<string, { readonly stamp: string; readonly table: EpochTable }>();
  let bytes = 0;
  const forget = (file: string) => {
    bytes -= countBytes(known.get(file)!.table);
    known.delete(file);
  };
  return (file) => {
    const stamp = stampOf(file);
    const found = known.get(file);
    const table = found?.stamp === stamp ? found.table : readEpochTable(file);
    if (found) forget(file);
    known.set(file, { stamp, table });
    bytes += countBytes(table);
    for (const [oldest] of known) {
      if (bytes <= maxBytes) break;
      forget(oldest);
    }
    return table;
  };
}
