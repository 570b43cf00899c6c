// Reads a case that is larger than files of settings may be: many classes, many steps, large images. Their script
// writes JSON; it is read as such, and problems point at the file alone.

import { readFileSync } from 'node:fs';
import type { Located, Origin } from '../config/located.ts';
import type { YamlReading } from '../config/read-yaml.ts';

/** Reads a file that is there. */
export function readJson(path: string): YamlReading {
  const file = { path, text: '' };
  const where = { file, offset: 0, length: 1 };
  try {
    return {
      file,
      root: toLocated(JSON.parse(readFileSync(path, 'utf8')), { kind: 'file', where }),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `Expected JSON but ${error.message}.`;
    return { file, problems: [{ code: 'CONFIG_YAML_SYNTAX', message, where }] };
  }
}

function toLocated(value: unknown, origin: Origin): Located {
  if (Array.isArray(value))
    return { kind: 'list', origin, items: value.map((item) => toLocated(item, origin)) };
  if (value === null || typeof value !== 'object')
    return { kind: 'scalar', origin, value: value as null | boolean | number | string };
  const entries = Object.entries(value).map(
    ([key, item]) => [key, { keyOrigin: origin, value: toLocated(item, origin) }] as const,
  );
  return { kind: 'map', origin, entries: new Map(entries) };
}
