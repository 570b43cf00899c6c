// Reads a YAML file to a located tree. YAML 1.2 core schema, no tags. All problems of the file at once.

import { readFileSync, type Stats, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { Problem } from '../core/problem.ts';
import type { SourceFile, SourceLocation } from '../core/source-location.ts';
import { locateNodes, MAX_DEPTH, reportTooMuch } from './locate-nodes.ts';
import type { Located } from './located.ts';

/** A tree where it could be read, and what is wrong. */
export interface YamlReading {
  readonly file: SourceFile;
  readonly root?: Located;
  readonly problems: readonly Problem[];
}

const MAX_BYTES = 2 ** 18;
/** Far above MAX_DEPTH: some may stand in texts. */
const MAX_BRACKETS = 512;

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
  return { file, ...locateNodes(document.contents, file) };
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
