// The curves of stages, which are kept: of a thousand trials few train at a time.

import { countBytes, type ReadTable, readEpochTable } from '../report/details/epoch-table.ts';
import { rememberFiles } from './remember-files.ts';

/** Tables that are kept; 1,000 trials of 200 epochs take 26 MB. */
const MAX_BYTES = 64e6;

/** Makes a reader that remembers. What it has not been asked for the longest goes first. */
export function rememberTables(maxBytes = MAX_BYTES): ReadTable {
  return rememberFiles(readEpochTable, { max: maxBytes, sizeOf: countBytes });
}
