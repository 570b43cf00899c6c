// Every way in which a resolved recipe departs from another one. Pure. Lists of image operations are
// compared operation by operation, so that a smaller crop is one line and not two lists.

import { type Json, renderCanonicalJson } from '../core/hash.ts';
import { isMapping } from '../core/is-mapping.ts';
import { describeOrigin } from './describe-origin.ts';
import { childOf, type Located } from './located.ts';

/** One setting that is not as published. */
export interface Departure {
  /** `optimizer.lr`, `augment.randomResizedCrop.size`; `augment order` where the same operations run in another order. */
  readonly path: string;
  /** The published value; null where the published recipe has none. */
  readonly theirs: Json;
  /** Null where ours has none. */
  readonly ours: Json;
  /** Who set ours: a line of a file, a flag, or `default`. */
  readonly setBy: string;
  /** What the paper says about the setting, from the schema. */
  readonly note?: string;
}

/** A value with the tree it came from; the tree is absent where a default filled it in. */
interface Sided {
  readonly value: Json;
  readonly node: Located | undefined;
}

/** Names that say nothing about a result, wherever they stand. */
const WITHOUT_EFFECT = new Set(['kind', 'name', 'engine', 'loader', 'checkpointing', 'monitor', 'data.root']);

/** Lists departures in the order of the published recipe; what only ours has comes last. */
export function findDepartures(theirs: Json, { value, node }: Sided): Departure[] {
  return compare('', theirs, { value, node });
}

function compare(path: string, theirs: Json, ours: Sided): Departure[] {
  if (WITHOUT_EFFECT.has(path)) return [];
  const { value, node } = ours;
  if (isMapping(theirs) && isMapping(value)) {
    const keys = [...new Set([...Object.keys(theirs), ...Object.keys(value)])];
    return keys.flatMap((key) =>
      compare(path === '' ? key : `${path}.${key}`, theirs[key] ?? null, {
        value: value[key] ?? null,
        node: childOf(node, key),
      }),
    );
  }
  if (isOpList(theirs) && isOpList(value)) return compareOps(path, theirs, { value, node });
  if (renderCanonicalJson(theirs) === renderCanonicalJson(value)) return [];
  // An absent mapping is told key by key, as `data.limit.train`.
  if (isMapping(value)) return compare(path, {}, ours);
  if (isMapping(theirs)) return compare(path, theirs, { value: {}, node });
  // A default below something that only ours has, such as the seed of a limit, is no choice of anybody's.
  if (theirs === null && !node) return [];
  return [{ path, theirs, ours: value, setBy: value === null ? 'not set' : describeOrigin(node?.origin) }];
}

type Op = { readonly [key: string]: Json };

function compareOps(
  path: string,
  theirs: readonly Op[],
  { value, node }: { readonly value: readonly Op[]; readonly node: Located | undefined },
): Departure[] {
  const [published, own] = [nameOps(theirs), nameOps(value)];
  const setBy = describeOrigin(node?.origin);
  const nodeOf = (name: string) => (node?.kind === 'list' ? node.items[own.get(name)!.index] : undefined);
  const changed = [...published].flatMap(([name, { op }]) => {
    const ours = own.get(name);
    if (!ours) return [{ path: `${path}.${name}`, theirs: describeOp(op), ours: null, setBy }];
    return compare(`${path}.${name}`, op, { value: ours.op, node: nodeOf(name) });
  });
  const added = [...own]
    .filter(([name]) => !published.has(name))
    .map(([name, { op }]) => ({
      path: `${path}.${name}`,
      theirs: null,
      ours: describeOp(op),
      setBy: describeOrigin(nodeOf(name)?.origin),
    }));
  return [...changed, ...added, ...compareOrder(path, [[...published.keys()], [...own.keys()]], setBy)];
}

function compareOrder(
  path: string,
  [theirs, ours]: readonly [string[], string[]],
  setBy: string,
): Departure[] {
  const shared = (names: string[], others: string[]) =>
    names.filter((name) => others.includes(name)).join(', ');
  const [before, now] = [shared(theirs, ours), shared(ours, theirs)];
  return before === now ? [] : [{ path: `${path} order`, theirs: before, ours: now, setBy }];
}

/** Operations by name; a second one of a name is `name#2`. */
function nameOps(ops: readonly Op[]): Map<string, { readonly op: Op; readonly index: number }> {
  const named = new Map<string, { op: Op; index: number }>();
  ops.forEach((op, index) => {
    const name = String(op.op);
    const count = ops.slice(0, index).filter((other) => other.op === op.op).length;
    named.set(count === 0 ? name : `${name}#${count + 1}`, { op, index });
  });
  return named;
}

/** `p 0.5, sigma [0.1, 2]`, numbers to four digits; an operation without settings is `on`. */
function describeOp({ op: _op, ...settings }: Op): string {
  const shorten = (_key: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  const parts = Object.entries(settings).map(
    ([key, value]) => `${key} ${JSON.stringify(value, shorten).replaceAll(',', ', ')}`,
  );
  return parts.length > 0 ? parts.join(', ') : 'on';
}

function isOpList(value: Json): value is readonly Op[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isMapping(item) && 'op' in item);
}
