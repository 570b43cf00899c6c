// Every tensor of a file, the network's by their names and then the rest (an optimiser's, ...) by their
// keys from the top. Without recursion: what a pickle nests may be deep, shared or circular.

import { PyTuple } from './pickle/python-values.ts';
import { isStoredTensor } from './state-dict.ts';
import type { StoredTensor, StoredTensors } from './stored-tensor.ts';

/** Names with a dot between keys: `optimizer.state.0.momentum_buffer`. */
export function listOtherTensors({
  content,
  tensors,
}: {
  readonly content: unknown;
  readonly tensors: StoredTensors;
}): StoredTensors {
  const found = new Map<string, StoredTensor>();
  const own = new Set<unknown>(tensors.values());
  const seen = new Set<unknown>();
  const work: { readonly path: string; readonly value: unknown }[] = [{ path: '', value: content }];
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    const { path, value } = item;
    if (typeof value !== 'object' || value === null || seen.has(value) || own.has(value)) continue;
    seen.add(value);
    if (isStoredTensor(value)) found.set(path, value);
    else {
      const children = listChildren(value).map(([key, child]) => ({
        path: path ? `${path}.${key}` : key,
        value: child,
      }));
      work.push(...children.reverse());
    }
  }
  return found;
}

function listChildren(value: object): [string, unknown][] {
  if (value instanceof Map) return [...value].map(([key, child]) => [String(key), child]);
  const items = value instanceof PyTuple ? value.items : value;
  return Array.isArray(items) ? items.map((child, i) => [String(i), child]) : [];
}
