// Every setting of a resolved document on a line of its own, with who set it.

import type { Json } from '../core/hash.ts';
import { describeOrigin } from './describe-origin.ts';
import { childOf, type Located } from './located.ts';

/** A part of the resolved document and the tree it came from. */
export interface ExplainedPart {
  /** `methods.mocov2`, say; empty for the document itself. */
  readonly path: string;
  readonly value: Json;
  readonly node: Located;
}

/** The settings of one part of an experiment. */
export interface SettingsPart {
  /** `methods.mocov2`; empty for the experiment's own, or for a recipe alone. */
  readonly part: string;
  readonly settings: readonly Setting[];
}

export interface Setting {
  readonly path: string;
  readonly value: Json;
  /** `configs/mocov1.yaml:29`, a flag, or `default`. */
  readonly setBy: string;
}

/** Lists the settings of all parts; lists of a document are values. */
export function listSettings(parts: readonly ExplainedPart[]): SettingsPart[] {
  return parts.map(({ path, value, node }) => ({ part: path, settings: flatten('', value, node) }));
}

function flatten(path: string, value: Json, node: Located | undefined): Setting[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return [{ path, value, setBy: describeOrigin(node?.origin) }];
  }
  return Object.entries(value).flatMap(([key, child]) =>
    flatten(path === '' ? key : `${path}.${key}`, child, childOf(node, key)),
  );
}
