// Hashes that name things on disk. JSON is hashed by value: the order of keys does not count.

import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Serialises JSON with sorted keys, so that equal values give equal text. */
export function renderCanonicalJson(value: Json): string {
  return JSON.stringify(sortKeys(value));
}

/** SHA-256 of a JSON value as 64 hex digits. */
export function hashJson(value: Json): string {
  return createHash('sha256').update(renderCanonicalJson(value)).digest('hex');
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  const object = value as { readonly [key: string]: Json };
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sortKeys(object[key] as Json)]),
  );
}
