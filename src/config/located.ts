// A document as a tree of values that know where they come from: a place in a file, or a flag of the
// command line. Merging keeps each value's own origin, so an error or `moco config` can point at it.

import type { Json } from '../core/hash.ts';
import type { SourceLocation } from '../core/source-location.ts';

/** Where a value was written. */
export type Origin =
  | { readonly kind: 'file'; readonly where: SourceLocation }
  | { readonly kind: 'flag'; readonly text: string };

export type Located = LocatedMap | LocatedList | LocatedScalar;

export interface LocatedMap {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  readonly keyOrigin: Origin;
  readonly value: Located;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly Located[];
}

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly origin: Origin;
  readonly value: null | boolean | number | string;
}

/** Deep merge: maps merge key by key, everything else is replaced by `over`. */
export function mergeLocated(base: Located, over: Located): Located {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const known = entries.get(key);
    entries.set(key, known ? { ...entry, value: mergeLocated(known.value, entry.value) } : entry);
  }
  return { ...over, entries };
}

/** Plain JSON. Objects have no prototype, so that no key can reach one. */
export function toJson(node: Located): Json {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toJson);
    case 'map': {
      const object = Object.create(null) as { [key: string]: Json };
      for (const [key, { value }] of node.entries) object[key] = toJson(value);
      return object;
    }
  }
}

/** Maps, lists and scalars, all that are below included. */
export function countValues(node: Located): number {
  if (node.kind === 'scalar') return 1;
  const below = node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value);
  return below.reduce((sum, each) => sum + countValues(each), 1);
}

/** The node at a path; undefined where there is none. */
export function getAt(node: Located | undefined, path: readonly (string | number)[]): Located | undefined {
  return path.reduce<Located | undefined>((at, step) => {
    if (at?.kind === 'map') return at.entries.get(String(step))?.value;
    if (at?.kind === 'list') return at.items[Number(step)];
    return undefined;
  }, node);
}

/** A copy with the node at a path replaced; maps on the way are made where they are missing. */
export function setAt(node: Located, path: readonly string[], value: Located): Located {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const map: LocatedMap =
    node.kind === 'map' ? node : { kind: 'map', origin: value.origin, entries: new Map() };
  const empty: LocatedMap = { kind: 'map', origin: value.origin, entries: new Map() };
  const known = map.entries.get(key);
  const inner = setAt(known?.value ?? empty, rest, value);
  return {
    ...map,
    entries: new Map(map.entries).set(key, { keyOrigin: known?.keyOrigin ?? value.origin, value: inner }),
  };
}

/** A copy of a map without some keys. */
export function omitKeys(map: LocatedMap, keys: readonly string[]): LocatedMap {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => !keys.includes(key))) };
}

/** The value under a key of a map. */
export function childOf(node: Located | undefined, key: string): Located | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

/** The place in a file, if it is one. */
export function whereOf(origin: Origin): SourceLocation | undefined {
  return origin.kind === 'file' ? origin.where : undefined;
}

/** The text of a scalar; nothing of anything else. */
export function textOf(node: Located | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}
