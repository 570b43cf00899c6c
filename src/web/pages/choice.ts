// Runs to choose from, for a comparison: a form that needs no script.

import { escapeMarkup } from '../../report/escape-markup.ts';

export interface ComparedGroup {
  readonly legend: string;
  /** `path`: below the folder of runs. */
  readonly runs: readonly { readonly label: string; readonly path: string }[];
}

/** Boxes of one group; a sweep has thousands, which the URL of a comparison can name too. */
const MAX_RUNS = 60;

/** Renders the form. */
export function renderChoice(groups: readonly ComparedGroup[]): string {
  const fields = groups.filter(({ runs }) => runs.length > 0).map(renderGroup);
  if (fields.length === 0) return '';
  return `<form action="/compare" method="get">${fields.join('')}<button type="submit">Compare what is chosen</button></form>`;
}

function renderGroup({ legend, runs }: ComparedGroup): string {
  const boxes = runs
    .slice(0, MAX_RUNS)
    .map(
      ({ label, path }) =>
        `<label><input type="checkbox" name="run" value="${escapeMarkup(path)}">${escapeMarkup(label)}</label>`,
    );
  const hidden = runs.length - boxes.length;
  const more =
    hidden > 0 ? `<p class="note">${hidden} more: /compare?run=EXPERIMENT/METHOD&amp;run=...</p>` : '';
  return `<fieldset><legend>${escapeMarkup(legend)}</legend>${boxes.join('')}${more}</fieldset>`;
}
