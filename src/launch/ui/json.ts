// Every event as a line of JSON, for programs: `moco run --json`.

import type { Ui } from './ui.ts';

export function createJsonUi(write: (text: string) => void): Ui {
  return {
    onEvent: (event) => write(`${JSON.stringify(event)}\n`),
    close: async () => {},
  };
}
