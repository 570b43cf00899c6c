// Reads a YAML file to a located tree. YAML 1.2 core schema, and `<<` merges maps; no tags. Aliases are
// expanded up to a limit. All problems of the file at once.

import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { SourceFile } from '../core/source-location.ts';
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
  const document = parseDocument(file.text, { prettyErrors: false, strict: true, stringKeys: true });
  const problems = [...document.errors, ...document.warnings].map((error): Problem => {
    const [offset, end] = error.pos;
    const key = error.code === 'DUPLICATE_KEY' ? /^[^\s:]*/.exec(file.text.slice(offset))![0].length : 0;
    const where = { file, offset, length: Math.max(1, key, Math.min(end, file.text.length) - offset) };
    return { ...explainSyntax(error.code, error.message), where };
  });
  if (problems.length > 0) return { file, problems };
  if (document.contents === null) return { file, problems: [reportEmpty(file)] };
  try {
    return {
      file,
      root: convert(document.contents, { file, document, depth: 0, budget: { nodes: MAX_NODES } }),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof UnusableNode)) throw error;
    return { file, problems: [{ ...error.problem, where: { file, offset: error.offset, length: 1 } }] };
  }
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
  const fact = message.trim().replace(/\.$/, '');
  switch (code) {
    case 'DUPLICATE_KEY':
      return {
        code: 'CONFIG_DUPLICATE_KEY',
        message: 'Expected each key once in a mapping but this one stands there twice.',
        hint: 'Remove one of the two.',
      };
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
  readonly document: ReturnType<typeof parseDocument>;
  readonly depth: number;
  /** Counts down, so that aliases of aliases of aliases can't fill the memory. */
  readonly budget: { nodes: number };
}

const MAX_DEPTH = 64;
const MAX_NODES = 1_000_000;

function convert(node: Node, context: Conversion): Located {
  const origin = locateNode(node, context);
  refuseTooMuch(origin.where.offset, context);
  const inner = { ...context, depth: context.depth + 1 };
  if (isAlias(node)) {
    const target = node.resolve(context.document);
    if (target) return convert(target as Node, inner);
  }
  if (isMap(node)) return { kind: 'map', origin, entries: convertEntries(node, inner) };
  if (isSeq(node))
    return { kind: 'list', origin, items: node.items.map((item) => convert(item as Node, inner)) };
  const value = isScalar(node) ? node.value : null;
  return { kind: 'scalar', origin, value: toPlain(value) };
}

function locateNode({ range }: Node, { file }: Conversion): Extract<Origin, { kind: 'file' }> {
  const offset = range?.[0] ?? 0;
  return { kind: 'file', where: { file, offset, length: Math.max(0, (range?.[1] ?? offset) - offset) } };
}

function refuseTooMuch(offset: number, { depth, budget }: Conversion): void {
  budget.nodes--;
  if (depth <= MAX_DEPTH && budget.nodes >= 0) return;
  const limit = depth > MAX_DEPTH ? `${MAX_DEPTH} levels` : `${MAX_NODES} values`;
  const problem = {
    code: 'CONFIG_YAML_SYNTAX',
    message: `Expected at most ${limit} but found more.`,
    hint: 'Recipes have about four levels and a hundred values. Do aliases repeat each other?',
  };
  throw new UnusableNode(problem, offset);
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
    else entries.set(name, { keyOrigin, value });
  }
  for (const { entries: others } of merged) {
    for (const [name, entry] of others) if (!entries.has(name)) entries.set(name, entry);
  }
  return entries;
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
