// The report as one HTML file. It needs no network and no script: its policy forbids both.

import type { ReportDetails } from '../details/details.ts';
import { escapeMarkup } from '../escape-markup.ts';
import type { Report } from '../report.ts';
import { listSections } from './list-sections.ts';
import { renderSection } from './markup.ts';
import { renderDocument } from './render-document.ts';

const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Renders the page. Ends with a line break. */
export function renderPage(report: Report, details: ReportDetails): string {
  const sections = listSections(report, details);
  const links = sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`);
  return renderDocument({
    title: `${report.experiment}: report`,
    head: [`<meta http-equiv="Content-Security-Policy" content="${POLICY}">`],
    body: [
      renderHeader(report),
      '<main>',
      `<nav aria-label="Sections">${links.join('')}</nav>`,
      ...sections.map(renderSection),
      '</main>',
      '<footer>Made by mocolab. The same numbers: report.md, report.tex, report.csv, report.json; the figures: figures/*.svg.</footer>',
    ],
  });
}

function renderHeader({ experiment, claim, source }: Report): string {
  return [
    '<header>',
    `<h1>${escapeMarkup(experiment)}</h1>`,
    ...(claim === undefined ? [] : [`<p class="claim">${escapeMarkup(claim.trim())}</p>`]),
    ...(source === undefined ? [] : [`<p class="muted">${escapeMarkup(source.trim())}</p>`]),
    '</header>',
  ].join('\n');
}
