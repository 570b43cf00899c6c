// Says which settings differ between two JSON objects: `optimizer.lr 0.03 -> 0.06`.

import { type Json, renderCanonicalJson } from './hash.ts';
import { isMapping } from './is-mapping.ts';

type JsonObject = { readonly [key: string]: Json };

const SHOWN_CHANGES = 3;

/** Lists the changed settings by dotted path; beyond three, says how many more. Empty: nothing changed. */
export function explainChanges(before: JsonObject, after: JsonObject): string {
  const changes = listChanges(before, after, '');
  const shown = changes.slice(0, SHOWN_CHANGES).join(', ');
  const more = changes.length - SHOWN_CHANGES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function listChanges(before: JsonObject, after: JsonObject, prefix: string): string[] {
  const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...keys].flatMap((key) => listChangesAt(before[key], after[key], prefix + key));
}

function listChangesAt(before: Json | undefined, after: Json | undefined, path: string): string[] {
  if (isMapping(before) && isMapping(after)) return listChanges(before, after, `${path}.`);
  const [old, new_] = [renderValue(before), renderValue(after)];
  if (old.whole === new_.whole) return [];
  return [old.short === new_.short ? path : `${path} ${old.short} -> ${new_.short}`];
}

/** `short` is for people: text without quotes, long values cut. */
function renderValue(value: Json | undefined): { readonly whole: string; readonly short: string } {
  if (value === undefined) return { whole: 'unset', short: 'unset' };
  const whole = renderCanonicalJson(value);
  const text = typeof value === 'string' ? value : whole;
  return { whole, short: text.length > 40 ? `${text.slice(0, 37)}...` : text };
}
