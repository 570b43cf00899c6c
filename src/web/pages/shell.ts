// What all pages of `moco ui` have around their sections: the report's look, the way back, and the script that
// keeps them fresh.

import { escapeMarkup } from '../../report/escape-markup.ts';
import { renderSection, type Section } from '../../report/html/markup.ts';
import { renderDocument } from '../../report/html/render-document.ts';

export interface Shell {
  readonly title: string;
  /** From the first page to the one above this. */
  readonly path: readonly Link[];
  /** Below the title. */
  readonly note?: string;
}

export interface Link {
  readonly label: string;
  readonly href: string;
}

const STYLE = `
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--background);padding:4px 10px}
.path{font-size:.9rem;margin:0 0 14px;font-family:inherit}
#live{color:var(--bad);min-height:1.5em;margin:0}
.log{background:var(--panel);padding:10px 12px;max-height:420px;overflow:auto;font-size:.82rem;line-height:1.45;white-space:pre-wrap;margin:8px 0}
.state{white-space:nowrap;font-weight:600}
.state-done{color:var(--good)}.state-failed,.state-unreadable,.state-stale{color:var(--bad)}.state-running{color:var(--link)}
button{font:inherit;padding:5px 16px;border:1px solid var(--muted);border-radius:6px;background:var(--panel);color:var(--ink);cursor:pointer;margin-top:10px}
button:focus-visible,input:focus-visible,.log:focus-visible{outline:2px solid var(--link);outline-offset:2px}
@media (min-width:521px){time{white-space:nowrap}}
label{display:inline-flex;align-items:baseline;gap:6px;margin:2px 18px 2px 0}
fieldset{border:0;padding:0;margin:0 0 10px}legend{font-weight:600;padding:0}
`;

/** Renders a page; each section is replaced as a whole where it changes. Ends with a line break. */
export function renderShell({ title, path, note }: Shell, sections: readonly Section[]): string {
  const links = path.map(
    ({ label, href }) => `<a href="${escapeMarkup(href)}">${escapeMarkup(label)}</a> / `,
  );
  const shown = sections.filter(({ content }) => content !== '');
  const contents = shown.map(({ id, title: name }) => `<a href="#${id}">${escapeMarkup(name)}</a>`);
  return renderDocument({
    title: `${title}: moco`,
    head: ['<script src="/live.js" type="module"></script>'],
    style: STYLE,
    body: [
      '<a class="skip" href="#content">Skip to the content</a>',
      '<header>',
      ...(path.length > 0 ? [`<nav class="path" aria-label="Path">${links.join('')}</nav>`] : []),
      `<h1>${escapeMarkup(title)}</h1>`,
      ...(note === undefined ? [] : [`<p class="claim">${escapeMarkup(note)}</p>`]),
      '<p id="live" role="status"></p>',
      '</header>',
      '<main id="content">',
      ...(contents.length > 1
        ? [`<nav class="sections" aria-label="Sections">${contents.join('')}</nav>`]
        : []),
      ...shown.map(renderSection),
      '</main>',
    ],
  });
}

/** The first page. */
export const HOME: Link = { label: 'runs', href: '/' };

/** The page of an experiment or of a stage. */
export function linkTo(names: readonly string[]): string {
  return `/runs/${names.map(encodeURIComponent).join('/')}`;
}

/** A stage's state in words and colour. */
export function renderState(state: string): string {
  return `<span class="state state-${state}">${state}</span>`;
}
