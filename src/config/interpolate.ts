// `${NAME}` and `${NAME:-default}` in strings. A value that is nothing else is read as YAML again, so
// that `${EPOCHS}` can be a number.

import { parse } from 'yaml';
import type { Problem } from '../core/problem.ts';
import { type Located, type LocatedScalar, whereOf } from './located.ts';

/** A default has an end, so that a text full of beginnings is not searched to its end from each. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]{0,4096}))?\}/g;

export type Environment = { readonly [name: string]: string | undefined };

/** Replaces references everywhere in a tree; unset ones become problems. */
export function interpolate(node: Located, env: Environment, problems: Problem[]): Located {
  switch (node.kind) {
    case 'list':
      return { ...node, items: node.items.map((item) => interpolate(item, env, problems)) };
    case 'map': {
      const entries = [...node.entries].map(
        ([key, entry]) => [key, { ...entry, value: interpolate(entry.value, env, problems) }] as const,
      );
      return { ...node, entries: new Map(entries) };
    }
    case 'scalar':
      return typeof node.value === 'string' ? interpolateText(node, node.value, { env, problems }) : node;
  }
}

function interpolateText(
  node: LocatedScalar,
  text: string,
  { env, problems }: { readonly env: Environment; readonly problems: Problem[] },
): LocatedScalar {
  const matches = [...text.matchAll(REFERENCE)];
  if (matches.length === 0) return node;
  const replaced = text.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
    const value = (Object.hasOwn(env, name) ? env[name] : undefined) || fallback;
    if (value === undefined) problems.push(reportUnset(name, node));
    return value ?? '';
  });
  return { ...node, value: matches[0]![0] === text ? parseScalar(replaced) : replaced };
}

/** Reads a text as a YAML scalar; what is none stays a text. */
export function parseScalar(text: string): LocatedScalar['value'] {
  try {
    const value: unknown = parse(text);
    if (value === null || ['boolean', 'number', 'string'].includes(typeof value))
      return value as LocatedScalar['value'];
  } catch {
    // Not YAML: a path with a colon, say.
  }
  return text;
}

function reportUnset(name: string, node: LocatedScalar): Problem {
  const where = whereOf(node.origin);
  return {
    code: 'CONFIG_ENV_UNSET',
    message: `Expected the environment variable ${name} but it is not set.`,
    hint: `Set it, or give a default: \${${name}:-value}.`,
    ...(where ? { where } : {}),
  };
}
