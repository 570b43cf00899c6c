// The parser's nodes as a located tree. `<<` merges maps. What an alias stands for is shared, and counts in
// full against the limits.

import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { SourceFile, SourceLocation } from '../core/source-location.ts';
import type { Located, LocatedEntry, LocatedMap, LocatedScalar, Origin } from './located.ts';

/** The tree of a document, or what is wrong with it. */
export function locateNodes(
  node: Node,
  file: SourceFile,
): { readonly root?: Located; readonly problems: readonly Problem[] } {
  const used = { nodes: 0, depth: 0 };
  const context: Conversion = { file, depth: 0, used, anchors: new Map(), repeated: [] };
  try {
    const root = convert(node, context);
    return context.repeated.length > 0 ? { problems: context.repeated } : { root, problems: [] };
  } catch (error) {
    if (!(error instanceof UnusableNode)) throw error;
    return { problems: [{ ...error.problem, where: { file, offset: error.offset, length: 1 } }] };
  }
}

class UnusableNode extends Error {
  readonly problem: Omit<Problem, 'where'>;
  readonly offset: number;
  constructor(problem: Omit<Problem, 'where'>, offset: number) {
    super(problem.message);
    this.problem = problem;
    this.offset = offset;
  }
}

interface Conversion {
  readonly file: SourceFile;
  readonly depth: number;
  /** All values so far, and the deepest, those of aliases included. */
  readonly used: { nodes: number; depth: number };
  /** What each anchor so far stands for. */
  readonly anchors: Map<string, Anchored>;
  /** Keys that stand twice in a mapping. */
  readonly repeated: Problem[];
}

interface Anchored {
  readonly value: Located;
  readonly nodes: number;
  /** Levels below it. */
  readonly height: number;
}

/** Levels that a document may nest. */
export const MAX_DEPTH = 64;
/** The schemas' checker takes a second for this many faults in one list, and more by the square. */
const MAX_NODES = 20_000;

function convert(node: Node, context: Conversion): Located {
  const { offset } = locateNode(node, context).where;
  if (isAlias(node)) return convertAlias(node.source, offset, context);
  use(context, { nodes: 1, depth: context.depth }, offset);
  const anchor = 'anchor' in node ? (node.anchor as string | undefined) : undefined;
  if (anchor === undefined) return convertNode(node, context);
  // Its own measure of depth, so that the height of what the anchor names is known.
  const before = context.used.nodes;
  const used = { nodes: before, depth: context.depth };
  const value = convertNode(node, { ...context, used });
  use(context, { nodes: used.nodes - before, depth: used.depth }, offset);
  context.anchors.set(anchor, { value, nodes: 1 + used.nodes - before, height: used.depth - context.depth });
  return value;
}

function convertAlias(name: string, offset: number, context: Conversion): Located {
  const anchored = context.anchors.get(name);
  if (!anchored) {
    throw new UnusableNode(
      {
        code: 'CONFIG_YAML_SYNTAX',
        message: `Expected the anchor &${name} before its alias but there is none that has ended.`,
        hint: 'An alias repeats a value that was marked further up.',
      },
      offset,
    );
  }
  use(context, { nodes: anchored.nodes, depth: context.depth + anchored.height }, offset);
  return anchored.value;
}

function convertNode(node: Node, context: Conversion): Located {
  const origin = locateNode(node, context);
  const inner = { ...context, depth: context.depth + 1 };
  if (isMap(node)) return { kind: 'map', origin, entries: convertEntries(node, inner) };
  if (isSeq(node))
    return { kind: 'list', origin, items: node.items.map((item) => convert(item as Node, inner)) };
  return { kind: 'scalar', origin, value: toPlain(isScalar(node) ? node.value : null) };
}

function locateNode({ range }: Node, { file }: Conversion): Extract<Origin, { kind: 'file' }> {
  const offset = range?.[0] ?? 0;
  return { kind: 'file', where: { file, offset, length: Math.max(0, (range?.[1] ?? offset) - offset) } };
}

function use({ used }: Conversion, { nodes, depth }: Conversion['used'], offset: number): void {
  used.nodes += nodes;
  used.depth = Math.max(used.depth, depth);
  if (used.depth > MAX_DEPTH) throw new UnusableNode(reportTooMuch(`${MAX_DEPTH} levels`), offset);
  if (used.nodes > MAX_NODES) throw new UnusableNode(reportTooMuch(`${MAX_NODES} values`), offset);
}

/** A document beyond one of the limits. */
export function reportTooMuch(limit: string): Omit<Problem, 'where'> {
  return {
    code: 'CONFIG_YAML_SYNTAX',
    message: `Expected at most ${limit} but found more.`,
    hint: 'Recipes have about four levels and a hundred values. Do aliases repeat each other?',
  };
}

/** A map's entries. `<<` merges other maps in, as YAML 1.1 has it: own keys win, then earlier maps. */
function convertEntries(map: YAMLMap, context: Conversion): Map<string, LocatedEntry> {
  const entries = new Map<string, LocatedEntry>();
  const merged: LocatedMap[] = [];
  for (const pair of map.items) {
    const key = pair.key as Node;
    const name = String(isScalar(key) ? key.value : key);
    const keyOrigin = locateNode(key, context);
    const value = pair.value
      ? convert(pair.value as Node, context)
      : ({ kind: 'scalar', origin: keyOrigin, value: null } as const);
    const maps = name === '<<' ? listMaps(value) : undefined;
    if (maps) merged.push(...maps);
    else if (entries.has(name)) context.repeated.push(reportRepeated(keyOrigin.where));
    else entries.set(name, { keyOrigin, value });
  }
  for (const { entries: others } of merged) {
    for (const [name, entry] of others) if (!entries.has(name)) entries.set(name, entry);
  }
  return entries;
}

function reportRepeated(where: SourceLocation): Problem {
  return {
    code: 'CONFIG_DUPLICATE_KEY',
    message: 'Expected each key once in a mapping but this one stands there twice.',
    hint: 'Remove one of the two.',
    where,
  };
}

/** The maps that a merge key may name; undefined where it names anything else. */
function listMaps(value: Located): LocatedMap[] | undefined {
  const values = value.kind === 'list' ? value.items : [value];
  const maps = values.filter((item) => item.kind === 'map');
  return maps.length === values.length ? maps : undefined;
}

function toPlain(value: unknown): LocatedScalar['value'] {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  return String(value);
}
