// `extends:` merges a mapping over one or more files, each relative to the file that names it. Read
// files are kept, so that a base is read once however many entries extend it.

import path from 'node:path';
import type { Problem } from '../core/problem.ts';
import type { SourceLocation } from '../core/source-location.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { childOf, type Located, type LocatedMap, mergeLocated, omitKeys, whereOf } from './located.ts';
import { readYaml } from './read-yaml.ts';

/** What one load shares: the environment, the files read so far, and what went wrong. */
export interface LoadContext {
  readonly env: Environment;
  readonly problems: Problem[];
  readonly files: Map<string, Located | undefined>;
}

/** Where an `extends` was met, outermost first, to tell a cycle. */
type Trail = readonly { readonly file: string; readonly where: SourceLocation | undefined }[];

/** Reads a file and all that it extends; undefined where it has problems. */
export function readExtended(file: string, context: LoadContext, trail: Trail = []): LocatedMap | undefined {
  const root = readOnce(file, context);
  if (!root) return undefined;
  if (root.kind !== 'map') {
    context.problems.push(reportNoMapping(file, root));
    return undefined;
  }
  return resolveExtends(root, { file, context, trail: [...trail, { file, where: whereOf(root.origin) }] });
}

/** Merges what a mapping extends below it. */
export function resolveExtends(
  map: LocatedMap,
  { file, context, trail }: { readonly file: string; readonly context: LoadContext; readonly trail: Trail },
): LocatedMap {
  const named = childOf(map, 'extends');
  const own = omitKeys(map, ['extends']);
  if (!named) return own;
  const bases = (named.kind === 'list' ? named.items : [named]).flatMap((item) => {
    const target = resolveTarget(item, file, context);
    if (target === undefined) return [];
    const where = whereOf(item.origin);
    if (trail.some((step) => step.file === target)) {
      context.problems.push(reportCycle([...trail, { file: target, where }]));
      return [];
    }
    const base = readBase(target, { item, context, trail: [...trail.slice(0, -1), { file, where }] });
    return base ? [base] : [];
  });
  return [...bases, own].reduce((merged, next) => mergeLocated(merged, next) as LocatedMap);
}

/** Merges what a mapping extends, without its own settings. */
export function resolveBase(map: LocatedMap, file: string, context: LoadContext): LocatedMap {
  const named = map.entries.get('extends');
  const onlyExtends: LocatedMap = { ...map, entries: new Map(named ? [['extends', named]] : []) };
  return resolveExtends(onlyExtends, { file, context, trail: [{ file, where: whereOf(map.origin) }] });
}

function resolveTarget(item: Located, file: string, context: LoadContext): string | undefined {
  if (item.kind === 'scalar' && typeof item.value === 'string') {
    return path.relative('', path.resolve(path.dirname(file), item.value)) || '.';
  }
  const where = whereOf(item.origin);
  context.problems.push({
    code: 'CONFIG_WRONG_TYPE',
    message: 'Expected the path of a file for extends but found another type.',
    hint: 'For example: extends: ../configs/mocov1.yaml',
    ...(where ? { where } : {}),
  });
  return undefined;
}

function readBase(
  target: string,
  { item, context, trail }: { readonly item: Located; readonly context: LoadContext; readonly trail: Trail },
): LocatedMap | undefined {
  const before = context.problems.length;
  const base = readExtended(target, context, trail);
  const where = whereOf(item.origin);
  // A file that is not there is a problem of the line that names it.
  context.problems.slice(before).forEach((problem, i) => {
    if (problem.code !== 'CONFIG_FILE_MISSING' || problem.where || !where) return;
    context.problems[before + i] = {
      ...problem,
      hint: `extends is relative to ${path.dirname(where.file.path)}/.`,
      where,
    };
  });
  return base;
}

function readOnce(file: string, context: LoadContext): Located | undefined {
  if (!context.files.has(file)) {
    const { root, problems } = readYaml(file);
    context.problems.push(...problems);
    context.files.set(file, root && interpolate(root, context.env, context.problems));
  }
  return context.files.get(file);
}

function reportNoMapping(file: string, root: Located): Problem {
  const where = whereOf(root.origin);
  return {
    code: 'CONFIG_WRONG_TYPE',
    message: `Expected a mapping of settings in ${file} but found a ${root.kind}.`,
    hint: 'Start from a file in configs/ or experiments/.',
    ...(where ? { where } : {}),
  };
}

function reportCycle(trail: Trail): Problem {
  const last = trail.at(-1)!;
  const related = trail
    .slice(0, -1)
    .flatMap(({ file, where }) => (where ? [{ message: `${file} is extended on the way`, where }] : []));
  return {
    code: 'CONFIG_EXTENDS_CYCLE',
    message: `Expected extends to end somewhere but it runs in a circle: ${trail.map(({ file }) => file).join(' -> ')}.`,
    hint: 'Remove one of these extends.',
    ...(last.where ? { where: last.where } : {}),
    related,
  };
}
