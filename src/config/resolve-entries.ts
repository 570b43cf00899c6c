// The methods and evaluations of an experiment, each merged: what it extends, then the experiment's
// own engine and data, then what the entry itself says.

import { type LoadContext, resolveBase } from './extends.ts';
import {
  childOf,
  type Located,
  type LocatedMap,
  mergeLocated,
  omitKeys,
  toJson,
  whereOf,
} from './located.ts';
import type { Entry } from './overrides.ts';

/** Merges every entry. Problems go to the context. */
export function resolveEntries(document: LocatedMap, file: string, context: LoadContext): Entry[] {
  return (['methods', 'evaluations'] as const).flatMap((group) => {
    const members = childOf(document, group);
    if (members?.kind !== 'map') return [];
    return [...members.entries].flatMap(([name, { value }]): Entry[] => {
      if (value.kind !== 'map') return [];
      const written = mergeEntry(value, { document, file, context });
      const map = written.at(-1)!;
      const kind = kindOf(map, group, context, name);
      return kind ? [{ group, name, kind, map, written }] : [];
    });
  });
}

/** What it extends, then that with the rest merged over it. */
function mergeEntry(
  entry: LocatedMap,
  {
    document,
    file,
    context,
  }: { readonly document: LocatedMap; readonly file: string; readonly context: LoadContext },
): LocatedMap[] {
  const base = resolveBase(entry, whereOf(entry.origin)?.file.path ?? file, context);
  const shared: LocatedMap = {
    ...document,
    entries: new Map([...document.entries].filter(([key]) => key === 'engine' || key === 'data')),
  };
  const merged = [shared, omitKeys(entry, ['extends'])].reduce(
    (merged, next) => mergeLocated(merged, next) as LocatedMap,
    base,
  );
  return [base, merged];
}

function kindOf(
  map: LocatedMap,
  group: Entry['group'],
  context: LoadContext,
  name: string,
): Entry['kind'] | undefined {
  if (group === 'methods') return 'pretrain';
  const kind: Located | undefined = childOf(map, 'kind');
  const value = kind ? toJson(kind) : undefined;
  if (value === 'lincls' || value === 'knn' || value === 'detection') return value;
  const where = whereOf(kind?.origin ?? map.origin);
  context.problems.push({
    code: 'CONFIG_UNKNOWN_KIND',
    message: `Expected kind lincls, knn or detection for evaluations.${name} but ${kind ? `received ${JSON.stringify(value)}` : 'it is not there'}.`,
    hint: 'Extend configs/lincls.yaml, configs/knn.yaml or configs/voc-detection.yaml, or set kind.',
    ...(where ? { where } : {}),
  });
  return undefined;
}
