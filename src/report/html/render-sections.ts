// The sections below the table: departures, figures, images, settings, environment, warnings.

import { formatSetting } from '../../plan/render-departures.ts';
import type { EnvironmentRow, NeighbourSheet, ReportDetails, Sheet, Warning } from '../details/details.ts';
import { escapeMarkup } from '../escape-markup.ts';
import type { Report } from '../report.ts';
import { listDepartures } from '../table.ts';
import { renderDetails, renderImage, renderScroll, renderTable } from './markup.ts';

/** Parts whose settings the page lists; a sweep has thousands. */
const MAX_PARTS = 24;

/** Each footnote of the table on a line; behind it, who set what. */
export function renderDepartures(report: Report): string {
  const lines = listDepartures(report).map((line) => line.slice(line.indexOf(']') + 2));
  return report.departures
    .map(({ mark, departures }, index) => {
      const hasNotes = departures.some(({ note }) => note);
      const rows = departures.map(({ path, theirs, ours, setBy, note = '' }) => [
        ...[path, formatSetting(theirs), formatSetting(ours), setBy],
        ...(hasNotes ? [note] : []),
      ]);
      const header = ['setting', 'published', 'here', 'set by', ...(hasNotes ? ['the paper'] : [])];
      const table = renderScroll(`Departures ${mark}`, renderTable(header, rows));
      return `<details class="departure" id="departure-${mark}"><summary><sup>${mark}</sup> ${escapeMarkup(lines[index]!.replaceAll(' -> ', ' → '))}</summary>${table}</details>`;
    })
    .join('');
}

/** Figures side by side. */
export function renderFigures(figures: readonly string[]): string {
  if (figures.length === 0) return '';
  return `<div class="figures">${figures.map((svg) => `<figure>${svg}</figure>`).join('')}</div>`;
}

/** The crops of each method. */
export function renderCrops(crops: readonly Sheet[]): string {
  if (crops.length === 0) return '';
  const figures = crops.map(
    (sheet) => `<figure>${renderImage(sheet)}<figcaption>${escapeMarkup(sheet.title)}</figcaption></figure>`,
  );
  return `<p class="note">From the first batch of trial 1, as the network got it: two crops an image, the query above, its key below.</p><div class="figures">${figures.join('')}</div>`;
}

/** Held-out images with the training images that are nearest to them. */
export function renderNeighbours(sheets: readonly NeighbourSheet[]): string {
  if (sheets.length === 0) return '';
  const figures = sheets.map((sheet) => {
    const rows = sheet.rows.map(
      ({ label, right, of }) =>
        `<li>${escapeMarkup(label)}<br><span class="muted">${right} of ${of}</span></li>`,
    );
    return `<figure><figcaption>${escapeMarkup(sheet.title)}</figcaption><div class="neighbours"><ol>${rows.join('')}</ol>${renderImage(sheet)}</div></figure>`;
  });
  return `<h3>Nearest neighbours</h3><p class="note">Left, a held-out image; then the training images with the most similar features, nearest first; at its name, how many are of its class.</p><div class="figures">${figures.join('')}</div>`;
}

/** Settings and who set each; what departs from the published recipe is bold. */
export function renderSettings({ settings }: ReportDetails, { departures }: Report): string {
  const departing = new Set(
    departures.flatMap(({ methods, evaluations, departures: list }) =>
      [
        ...methods.map((name) => `methods.${name}`),
        ...evaluations.map((name) => `evaluations.${name}`),
      ].flatMap((part) => list.map(({ path }) => `${part} ${path}`)),
    ),
  );
  const parts = settings.slice(0, MAX_PARTS).map(({ part, settings: list }) => {
    const rows = list.map(({ path, value, setBy }) => {
      const mark = departing.has(`${part} ${path}`) ? ' class="departs"' : '';
      return `<tr${mark}><th scope="row">${escapeMarkup(path)}</th><td>${escapeMarkup(formatSetting(value))}</td><td>${escapeMarkup(setBy)}</td></tr>`;
    });
    const table = `<table class="list"><thead><tr><th scope="col">setting</th><th scope="col">value</th><th scope="col">set by</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
    const name = part === '' ? 'the experiment' : part;
    return renderDetails(name, renderScroll(`Settings of ${name}`, table));
  });
  const hidden = settings.length - parts.length;
  return [
    departing.size > 0 ? '<p class="note">Bold: departs from the published recipe.</p>' : '',
    ...parts,
    hidden > 0 ? `<p class="note">${hidden} more parts: moco config lists them.</p>` : '',
  ].join('');
}

/** Where the stages ran. */
export function renderEnvironment(environment: readonly EnvironmentRow[]): string {
  if (environment.length === 0) return '';
  const rows = environment.flatMap(({ name, values }) =>
    values.map(({ value, stages }, index) => [index === 0 ? name : '', value, String(stages)]),
  );
  return renderScroll('Environment', renderTable(['', '', 'stages'], rows));
}

/** What stages warned of. */
export function renderWarnings(warnings: readonly Warning[]): string {
  if (warnings.length === 0) return '<p>No stage warned of anything.</p>';
  const items = warnings.map(({ message, stages }) => {
    const where =
      stages.length > 3
        ? `${stages.slice(0, 3).join(', ')} and ${stages.length - 3} more`
        : stages.join(', ');
    return `<li>${escapeMarkup(message)} <span class="muted">(${escapeMarkup(where)})</span></li>`;
  });
  return `<ul class="list">${items.join('')}</ul>`;
}
