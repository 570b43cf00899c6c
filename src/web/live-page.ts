// Pages that are asked for again and again. A page is drawn anew only where what it shows has changed, and looking
// and drawing take a tenth of the time at most, however large the runs are.

import { createHash } from 'node:crypto';

/** One page of the runs as they are now. */
export interface Page {
  /** Differs wherever the page would. */
  readonly stamp: string;
  render(): string;
}

export interface RenderedPage {
  readonly body: string;
  readonly etag: string;
}

interface Kept extends RenderedPage {
  readonly stamp: string;
  /** Until then it is good enough. */
  readonly until: number;
}

/** Pages that are kept. */
const MAX_PAGES = 32;
/** Time between two looks, over the time that one takes. */
const REST = 9;

/** Renders pages by their URL, as seldom as it can. */
export class PageCache {
  readonly #pages = new Map<string, Kept>();

  /** @param open makes the page; undefined where there is no such page */
  get(url: string, open: () => Page | undefined): RenderedPage | undefined {
    const known = this.#pages.get(url);
    const started = performance.now();
    if (known && started < known.until) return known;
    const page = open();
    this.#pages.delete(url);
    if (!page) return undefined;
    const rendered = known?.stamp === page.stamp ? known : renderPage(page);
    const now = performance.now();
    this.#pages.set(url, { ...rendered, stamp: page.stamp, until: now + REST * (now - started) });
    for (const [oldest] of this.#pages) {
      if (this.#pages.size <= MAX_PAGES) break;
      this.#pages.delete(oldest);
    }
    return rendered;
  }
}

function renderPage(page: Page): RenderedPage {
  const body = page.render();
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
