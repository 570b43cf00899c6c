// What was read of files, read again only where they have changed.

import { stampOf } from './stamp-of.ts';

interface Limit<Content> {
  /** Of the sizes of all that is kept. */
  readonly max: number;
  sizeOf(content: Content): number;
}

/**
 * Makes a reader that remembers. Beyond the limit, what it has not been asked for the longest goes first; what it was
 * asked for last stays.
 */
export function rememberFiles<Content>(
  read: (file: string) => Content,
  limit?: Limit<Content>,
): (file: string) => Content {
  const known = new Map<string, { readonly stamp: string; readonly content: Content }>();
  const sizeOf = (content: Content) => limit?.sizeOf(content) ?? 0;
  const max = limit?.max ?? Number.POSITIVE_INFINITY;
  let kept = 0;
  const forget = (file: string) => {
    kept -= sizeOf(known.get(file)!.content);
    known.delete(file);
  };
  return (file) => {
    const stamp = stampOf(file);
    const found = known.get(file);
    const content = found?.stamp === stamp ? found.content : read(file);
    if (found) forget(file);
    known.set(file, { stamp, content });
    kept += sizeOf(content);
    for (const [oldest] of known) {
      if (kept <= max || oldest === file) break;
      forget(oldest);
    }
    return content;
  };
}
