// The report as one HTML file. It needs no network and no script: its policy forbids both.

import type { ReportDetails } from '../details/details.ts';
import { escapeMarkup } from '../escape-markup.ts';
import { drawClasses } from '../figures/draw-classes.ts';
import { drawConfusion } from '../figures/draw-confusion.ts';
import { drawCurves } from '../figures/draw-curves.ts';
import { drawGraph } from '../figures/draw-graph.ts';
import { drawMap } from '../figures/draw-map.ts';
import { drawTrials } from '../figures/draw-trials.ts';
import { PAGE } from '../figures/theme.ts';
import type { Report } from '../report.ts';
import { renderScroll, renderSection } from './markup.ts';
import { PAGE_STYLE } from './page-style.ts';
import { renderResults } from './render-results.ts';
import {
  renderCrops,
  renderDepartures,
  renderEnvironment,
  renderFigures,
  renderNeighbours,
  renderSettings,
  renderWarnings,
} from './render-sections.ts';

const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: string;
}

/** Renders the page. Ends with a line break. */
export function renderPage(report: Report, details: ReportDetails): string {
  const sections = listSections(report, details).filter(({ content }) => content !== '');
  const links = sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<title>${escapeMarkup(report.experiment)}: report</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    renderHeader(report),
    '<main>',
    `<nav aria-label="Sections">${links.join('')}</nav>`,
    ...sections.map((section) => renderSection(section, section.content)),
    '</main>',
    '<footer>Made by mocolab. The same numbers: report.md, report.tex, report.csv, report.json; the figures: figures/*.svg.</footer>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
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

function listSections(report: Report, details: ReportDetails): Section[] {
  const { trials, curves, classes, confusions, maps, crops, neighbours, graph } = details;
  const graphSvg = renderScroll(graph.title, `<figure class="wide">${drawGraph(graph, PAGE)}</figure>`);
  const lines = curves.map((figure) => drawCurves(figure, PAGE));
  return [
    { id: 'results', title: 'Results', content: renderResults(report) },
    { id: 'departures', title: 'Departures from the published recipes', content: renderDepartures(report) },
    { id: 'trials', title: 'Trials', content: renderFigures(trials.map((each) => drawTrials(each, PAGE))) },
    {
      id: 'curves',
      title: 'Learning curves',
      content: lines.length > 0 ? BAND_NOTE + renderFigures(lines) : '',
    },
    {
      ...{ id: 'probe', title: 'Linear classifier, class by class' },
      content: renderFigures([
        ...classes.map((each) => drawClasses(each, PAGE)),
        ...confusions.map((each) => drawConfusion(each, PAGE)),
      ]),
    },
    {
      ...{ id: 'features', title: 'Features' },
      content:
        (maps.length > 0 ? MAP_NOTE : '') +
        renderFigures(maps.map((each) => drawMap(each, PAGE))) +
        renderNeighbours(neighbours),
    },
    { id: 'crops', title: 'What the network was fed', content: renderCrops(crops) },
    { id: 'graph', title: 'Graph', content: graph.methods.length > 0 ? graphSvg : '' },
    { id: 'settings', title: 'Settings', content: renderSettings(details, report) },
    { id: 'environment', title: 'Environment', content: renderEnvironment(details.environment) },
    { id: 'warnings', title: 'Warnings', content: renderWarnings(details.warnings) },
  ];
}

const BAND_NOTE =
  '<p class="note">Thick: the mean over the trials; band: one standard deviation; thin: each trial, where there are few.</p>';
const MAP_NOTE =
  '<p class="note">Held-out images by UMAP of their features: near means alike; position, direction and scale mean nothing.</p>';
