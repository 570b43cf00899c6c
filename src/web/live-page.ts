// Pages that are asked for again and again. A page is drawn anew only where what it shows has changed, and looking
// and drawing take a fifth of a processor at most, however large the runs are. Time of the processor counts: beside a
// training that leaves little of it, a page would else grow old. The first drawing reads all files and doesn't count.

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
/** Time between two looks, over the processor's time that one takes. */
const REST = 4;

/** What time it is. */
export interface Clock {
  nowMs(): number;
  /** Time of the processor that this process has had. */
  computedMs(): number;
}

const CLOCK: Clock = {
  nowMs: () => performance.now(),
  computedMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** Renders pages by their URL, as seldom as it can. */
export class PageCache {
  readonly #pages = new Map<string, Kept>();
  readonly #clock: Clock;

  constructor(clock = CLOCK) {
    this.#clock = clock;
  }

  /** @param open makes the page; undefined where there is no such page */
  get(url: string, open: () => Page | undefined): RenderedPage | undefined {
    const known = this.#pages.get(url);
    const { nowMs, computedMs } = this.#clock;
    if (known && nowMs() < known.until) return known;
    const started = computedMs();
    const page = open();
    const looked = computedMs();
    this.#pages.delete(url);
    if (!page) return undefined;
    const rendered = known?.stamp === page.stamp ? known : renderPage(page);
    const ended = known ? computedMs() : looked;
    const until = nowMs() + REST * (ended - started);
    this.#pages.set(url, { ...rendered, stamp: page.stamp, until });
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
