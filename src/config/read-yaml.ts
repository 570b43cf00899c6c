// Reads a YAML file to a located tree. YAML 1.2 core schema, and `<<` merges maps; no tags. What an alias
// stands for is shared, and counts in full against the limits. All problems of the file at once.

import { readFileSync, type Stats, statSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { SourceFile, SourceLocation } from '../core/source-location.ts';
import type { Located, LocatedEntry, LocatedMap, LocatedScalar, Origin } from './located.ts';

/** A tree where it could be read, and what is wrong. */
export interface YamlReading {
  readonly file: SourceFile;
  readonly root?: Located;
  readonly problems: readonly Problem[];
}

/** Reads a file; `path` is shown as it is. */
export function readYaml(path: string): YamlReading {
  let text: string;
  try {
    const stats = statSync(path);
    if (stats.size > MAX_BYTES)
      return { file: { path, text: '' }, problems: [reportLarge(path, stats.size)] };
    // Reading a device or a pipe may never end.
    if (!stats.isFile()) return { file: { path, text: '' }, problems: [reportNoFile(path, stats)] };
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const cause = (error as NodeJS.ErrnoException).code;
    const problem: Problem = {
      code: 'CONFIG_FILE_MISSING',
      message: `Expected a readable file but ${path} ${cause === 'ENOENT' ? 'does not exist' : `gave ${cause}`}.`,
      hint: 'Shipped recipes are in configs/, experiments in experiments/.',
    };
    return { file: { path, text: '' }, problems: [problem] };
  }
  return parseYaml({ path, text });
}

/** Parses a file's text. */
export function parseYaml(file: SourceFile): YamlReading {
  const document = parseSyntax(file.text);
  if (!document)
    return { file, problems: [{ ...reportTooMuch(`${MAX_DEPTH} levels`), where: startOf(file) }] };
  const problems = [...document.errors, ...document.warnings].map((error): Problem => {
    const [offset, end] = error.pos;
    const where = { file, offset, length: Math.max(1, Math.min(end, file.text.length) - offset) };
    return { ...explainSyntax(error.code, error.message), where };
  });
  if (problems.length > 0) return { file, problems };
  if (document.contents === null) return { file, problems: [reportEmpty(file)] };
  const context: Conversion = {
    file,
    depth: 0,
    used: { nodes: 0, depth: 0 },
    anchors: new Map(),
    repeated: [],
  };
  try {
    const root = convert(document.contents, context);
    return context.repeated.length > 0 ? { file, problems: context.repeated } : { file, root, problems: [] };
  } catch (error) {
    if (!(error instanceof UnusableNode)) throw error;
    return { file, problems: [{ ...error.problem, where: { file, offset: error.offset, length: 1 } }] };
  }
}

/** Undefined where it nests deeper than the parser's recursion goes. */
function parseSyntax(text: string): ReturnType<typeof parseDocument> | undefined {
  if (countBrackets(text) > MAX_BRACKETS) return undefined;
  try {
    return parseDocument(text, { prettyErrors: false, strict: true, stringKeys: true, uniqueKeys: false });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** How many brackets are open at most, wherever they stand: the parser takes seconds for thousands. */
function countBrackets(text: string): number {
  let [open, most] = [0, 0];
  for (const bracket of text.match(/[[\]{}]/g) ?? []) {
    open += bracket === '[' || bracket === '{' ? 1 : -1;
    most = Math.max(most, open);
  }
  return most;
}

function startOf(file: SourceFile): SourceLocation {
  return { file, offset: 0, length: 1 };
}

function reportNoFile(path: string, stats: Stats): Problem {
  return {
    code: 'CONFIG_FILE_MISSING',
    message: `Expected a readable file but ${path} is ${stats.isDirectory() ? 'a folder' : 'a device, a pipe or a socket'}.`,
    hint: 'Shipped recipes are in configs/, experiments in experiments/.',
  };
}

function reportLarge(path: string, bytes: number): Problem {
  return {
    code: 'CONFIG_FILE_LARGE',
    message: `Expected a file of settings of at most ${MAX_BYTES} bytes but ${path} has ${bytes}.`,
    hint: 'Recipes and experiments are a few kilobytes. Was another file meant?',
  };
}

function reportEmpty(file: SourceFile): Problem {
  return {
    code: 'CONFIG_WRONG_TYPE',
    message: `Expected a document of settings but ${file.path} is empty.`,
    hint: 'Start from a file in configs/ or experiments/.',
    where: { file, offset: 0, length: 0 },
  };
}

function explainSyntax(code: string, message: string): Omit<Problem, 'where'> {
  // The parser reports its own recursion in some places and throws in others.
  if (message.startsWith('Maximum call stack')) return reportTooMuch(`${MAX_DEPTH} levels`);
  const fact = message.trim().replace(/\.$/, '');
  switch (code) {
    case 'TAB_AS_INDENT':
      return {
        code: 'CONFIG_TAB',
        message: 'Expected spaces for indentation but found a tab.',
        hint: 'YAML allows no tabs there; use two spaces a level.',
      };
    default:
      return {
        code: 'CONFIG_YAML_SYNTAX',
        message: `Expected valid YAML but found this: ${fact}.`,
        hint: 'Check indentation, quotes and brackets around here.',
      };
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

const MAX_BYTES = 2 ** 18;
const MAX_DEPTH = 64;
/** Far above MAX_DEPTH: some may stand in texts. */
const MAX_BRACKETS = 512;
const MAX_NODES = 100_000;

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

function reportTooMuch(limit: string): Omit<Problem, 'where'> {
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
