// Small pieces of HTML that the sections share.

import { escapeMarkup } from '../escape-markup.ts';

/** A table of text: the first cell of each row is its header. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = header.map((cell) => `<th scope="col">${escapeMarkup(cell)}</th>`).join('');
  const body = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((cell) => `<td>${escapeMarkup(cell)}</td>`).join('');
    return `<tr><th scope="row">${escapeMarkup(first)}</th>${cells}</tr>`;
  });
  return `<table class="list"><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

/** Scrolls what is wider than the page, by keyboard too. */
export function renderScroll(label: string, content: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeMarkup(label)}">${content}</div>`;
}

/** Closed until it is wanted. */
export function renderDetails(summary: string, content: string): string {
  return `<details><summary>${escapeMarkup(summary)}</summary>${content}</details>`;
}

/** A part of a page with its heading. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** HTML; without any, there is no section. */
  readonly content: string;
}

export function renderSection({ id, title, content }: Section): string {
  return content === '' ? '' : `<section id="${id}"><h2>${escapeMarkup(title)}</h2>${content}</section>`;
}

/** An image with its bytes in the page. */
export function renderImage({ png, description }: { png: Buffer; description: string }): string {
  return `<img class="sheet" alt="${escapeMarkup(description)}" src="data:image/png;base64,${png.toString('base64')}">`;
}
