// What shows a run: it hears every event and shows some of them.

import type { EmitEvent } from '../../core/events.ts';

export interface Ui {
  readonly onEvent: EmitEvent;
  /** Resolves when all is shown. */
  close(): Promise<void>;
}
