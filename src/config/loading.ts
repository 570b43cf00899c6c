// What is gathered while a file is loaded: its problems and warnings, where each value came from, and
// what the flags say of every recipe.

import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import type { LoadContext } from './extends.ts';
import type { Fidelity } from './fidelity.ts';
import type { Environment } from './interpolate.ts';
import type { ExplainedPart } from './list-settings.ts';
import type { Override } from './overrides.ts';

/** A file and the flags that change what it says. */
export interface LoadOptions {
  readonly file: string;
  readonly set?: readonly string[];
  readonly trials?: number;
  readonly engine?: string;
  /** Replaces data.root everywhere. */
  readonly dataRoot?: string;
  /** Checkpoint for a lincls or knn recipe that is run alone. */
  readonly pretrained?: string;
  readonly devices?: string;
  readonly devicesPerTrial?: number;
  readonly failureMode?: string;
  readonly env: Environment;
}

/** The lists that grow while a file is loaded. */
export interface Loading {
  readonly options: LoadOptions;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  readonly explained: ExplainedPart[];
  readonly fidelity: Fidelity[];
  /** Replaces `devices` of every recipe that trains. */
  readonly devicesPerTrial?: number;
}

/** All that a document is resolved with. */
export interface Resolving {
  readonly loading: Loading;
  readonly context: LoadContext;
  readonly overrides: readonly Override[];
}

/** What the launch settings say of recipes. Faults of theirs are reported elsewhere. */
export function withDevices(loading: Loading, launch: Json | undefined): Loading {
  const { devicesPerTrial } = (launch ?? {}) as { devicesPerTrial?: Json };
  return Number.isInteger(devicesPerTrial)
    ? { ...loading, devicesPerTrial: devicesPerTrial as number }
    : loading;
}
