// An HTML document in the report's look: what the report's page and those of `moco ui` have around their bodies.

import { escapeMarkup } from '../escape-markup.ts';
import { PAGE_STYLE } from './page-style.ts';

export interface Document {
  readonly title: string;
  /** Elements of the head beside the usual. */
  readonly head: readonly string[];
  /** Rules that go with the common ones. */
  readonly style?: string;
  readonly body: readonly string[];
}

/** Renders a whole file. Ends with a line break. */
export function renderDocument({ title, head, style = '', body }: Document): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ...head,
    `<title>${escapeMarkup(title)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${PAGE_STYLE}${style}</style>`,
    '</head>',
    '<body>',
    ...body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
