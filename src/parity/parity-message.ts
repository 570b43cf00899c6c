// What the computing process tells its parent, in this order: the engine once, then each case.

import type { Json } from '../core/hash.ts';
import type { CaseResult } from './comparison.ts';

export type ParityMessage =
  | { readonly type: 'engine'; readonly description: EngineDescription }
  | { readonly type: 'case'; readonly result: CaseResult };

/** Name, versions, threads: whatever the engine says of itself. */
export interface EngineDescription {
  readonly name: string;
  readonly [key: string]: Json;
}
