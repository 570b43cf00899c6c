// Python's argparse, as far as the two scripts of facebookresearch/moco use it: `--flag value`,
// `--flag=value`, unambiguous beginnings of long flags, `-b 256`, `-b256`, nargs='*', one positional.
// All problems of a command line at once.

import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';

/** How the words behind a flag are read. */
export type ArgType = 'int' | 'float' | 'text' | 'switch' | 'ints';

/** A flag of a script. */
export interface FlagSpec {
  /** All its spellings, the longest first. */
  readonly names: readonly string[];
  readonly type: ArgType;
}

export type ArgValue = number | string | true | readonly number[];

export interface ParsedArgs {
  /** By the first spelling of the flag; the last of repeated ones counts, as in Python. */
  readonly values: ReadonlyMap<string, ArgValue>;
  readonly positional: readonly string[];
  readonly problems: readonly Problem[];
}

/** Parses the words behind the script's name. */
export function parseArgs(flags: readonly FlagSpec[], words: readonly string[]): ParsedArgs {
  const values = new Map<string, ArgValue>();
  const positional: string[] = [];
  const problems: Problem[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      positional.push(...queue.splice(0));
    } else if (!isFlag(word)) {
      positional.push(word);
    } else {
      const found = findFlag(flags, word);
      if ('problem' in found) problems.push(found.problem);
      else readValue(found, queue, { values, problems });
    }
  }
  return { values, positional, problems };
}

/** Argparse takes a negative number for an argument where no flag looks like one. */
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d+$|^-\d*\.\d+$/.test(word);
}

interface FoundFlag {
  readonly spec: FlagSpec;
  /** As it was written. */
  readonly name: string;
  /** What is joined to it by `=` or stands directly behind a short flag. */
  readonly joined?: string;
}

function findFlag(flags: readonly FlagSpec[], word: string): FoundFlag | { readonly problem: Problem } {
  const [name, joined] = splitAtEquals(word);
  const rest = joined === undefined ? {} : { joined };
  const exact = flags.find(({ names }) => names.includes(name));
  if (exact) return { spec: exact, name, ...rest };
  if (word.startsWith('--')) {
    const fitting = flags.filter(({ names }) => names.some((each) => each.startsWith(name)));
    if (fitting.length === 1) return { spec: fitting[0]!, name, ...rest };
    return { problem: fitting.length > 1 ? reportAmbiguous(name, fitting) : reportUnknown(name, flags) };
  }
  const short = flags.find(({ names }) => names.includes(word.slice(0, 2)));
  if (short) return { spec: short, name: word.slice(0, 2), joined: word.slice(2) };
  return { problem: reportUnknown(name, flags) };
}

function splitAtEquals(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

interface Sink {
  readonly values: Map<string, ArgValue>;
  readonly problems: Problem[];
}

function readValue({ spec, name, joined }: FoundFlag, queue: string[], sink: Sink): void {
  const key = spec.names[0]!;
  if (spec.type === 'switch') {
    sink.values.set(key, true);
    // `-ep 10` is `-e -p 10`.
    if (joined !== undefined && /^-[a-z]$/.test(name)) queue.unshift(`-${joined}`);
    else if (joined !== undefined) sink.problems.push(reportJoined(name, joined));
    return;
  }
  const given = joined !== undefined ? [joined] : takeWords(spec.type, queue);
  if (spec.type !== 'ints' && given.length === 0) {
    sink.problems.push(reportMissing(name));
    return;
  }
  const read = given.map((word) => convert(spec.type, word));
  const wrong = given.find((_, i) => read[i] === undefined);
  if (wrong !== undefined) sink.problems.push(reportValue(name, spec.type, wrong));
  else sink.values.set(key, spec.type === 'ints' ? (read as number[]) : read[0]!);
}

function takeWords(type: ArgType, queue: string[]): string[] {
  const end = queue.findIndex((word) => word === '--' || isFlag(word));
  const available = end < 0 ? queue.length : end;
  return queue.splice(0, type === 'ints' ? available : Math.min(1, available));
}

function convert(type: ArgType, word: string): number | string | undefined {
  if (type === 'text') return word;
  const form =
    type === 'float' ? /^\s*[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i : /^\s*[+-]?\d+(_\d+)*\s*$/;
  return form.test(word) ? Number(word.replaceAll('_', '')) : undefined;
}

function reportUnknown(name: string, flags: readonly FlagSpec[]): Problem {
  const nearest = findNearest(
    name,
    flags.flatMap(({ names }) => names),
  );
  return {
    code: 'TRANSLATE_UNKNOWN_FLAG',
    message: `Expected a flag of the script but found ${name}.`,
    hint: nearest ? `Did you mean ${nearest}?` : `It has: ${flags.map(({ names }) => names[0]).join(', ')}.`,
  };
}

function reportAmbiguous(name: string, fitting: readonly FlagSpec[]): Problem {
  return {
    code: 'TRANSLATE_AMBIGUOUS_FLAG',
    message: `Expected the beginning of one flag but ${name} could be ${fitting.map(({ names }) => names[0]).join(' or ')}.`,
    hint: 'Write the flag in full.',
  };
}

function reportJoined(name: string, joined: string): Problem {
  return {
    code: 'TRANSLATE_FLAG_VALUE',
    message: `Expected no value for ${name} but received ${JSON.stringify(joined)}.`,
    hint: `Write ${name} alone.`,
  };
}

function reportMissing(name: string): Problem {
  return {
    code: 'TRANSLATE_FLAG_VALUE',
    message: `Expected a value for ${name} but none follows.`,
    hint: 'Write it behind the flag.',
  };
}

function reportValue(name: string, type: ArgType, word: string): Problem {
  const kinds = { int: 'a whole number', ints: 'whole numbers', float: 'a number', text: '', switch: '' };
  return {
    code: 'TRANSLATE_FLAG_VALUE',
    message: `Expected ${kinds[type]} for ${name} but received ${JSON.stringify(word)}.`,
    hint:
      type === 'ints'
        ? `${name} takes every word up to the next flag; put the data folder before it.`
        : 'The script would refuse it too.',
  };
}
