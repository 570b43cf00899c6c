// Reads a YAML file to a located tree. YAML 1.2 core schema; no tags, no merges by `<<`, and anchors
// only as far as the package `yaml` expands them safely. All problems of the file at once.

import { readFileSync } from 'node:fs';
import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { SourceFile } from '../core/source-location.ts';
import type { Located, LocatedEntry, LocatedScalar, Origin } from './located.ts';

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
    return { file, root: convert(document.contents, { file, document, depth: 0 }), problems: [] };
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
}

const MAX_DEPTH = 64;

function convert(node: Node, context: Conversion): Located {
  const offset = node.range?.[0] ?? 0;
  const origin: Origin = {
    kind: 'file',
    where: { file: context.file, offset, length: Math.max(0, (node.range?.[1] ?? offset) - offset) },
  };
  if (context.depth > MAX_DEPTH) {
    throw new UnusableNode(
      {
        code: 'CONFIG_YAML_SYNTAX',
        message: `Expected at most ${MAX_DEPTH} levels but found more.`,
        hint: 'Recipes have about four.',
      },
      offset,
    );
  }
  const inner = { ...context, depth: context.depth + 1 };
  if (isAlias(node)) {
    const target = node.resolve(context.document);
    if (target) return convert(target as Node, inner);
  }
  if (isMap(node)) {
    const entries = new Map<string, LocatedEntry>();
    for (const pair of node.items) {
      const key = pair.key as Node;
      const name = String(isScalar(key) ? key.value : key);
      const keyOffset = key.range?.[0] ?? offset;
      const keyLength = (key.range?.[1] ?? keyOffset) - keyOffset;
      const keyOrigin: Origin = {
        kind: 'file',
        where: { file: context.file, offset: keyOffset, length: keyLength },
      };
      const value = pair.value
        ? convert(pair.value as Node, inner)
        : ({ kind: 'scalar', origin: keyOrigin, value: null } as const);
      entries.set(name, { keyOrigin, value });
    }
    return { kind: 'map', origin, entries };
  }
  if (isSeq(node))
    return { kind: 'list', origin, items: node.items.map((item) => convert(item as Node, inner)) };
  const value = isScalar(node) ? node.value : null;
  return { kind: 'scalar', origin, value: toPlain(value) };
}

function toPlain(value: unknown): LocatedScalar['value'] {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  return String(value);
}
