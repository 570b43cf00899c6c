// What the page of a report has below its header: sections in order, each with its content as HTML.

import type { ReportDetails } from '../details/details.ts';
import { drawClasses } from '../figures/draw-classes.ts';
import { drawConfusion } from '../figures/draw-confusion.ts';
import { drawCurves } from '../figures/draw-curves.ts';
import { drawGraph } from '../figures/draw-graph.ts';
import { drawMap } from '../figures/draw-map.ts';
import { drawTrials } from '../figures/draw-trials.ts';
import { PAGE } from '../figures/theme.ts';
import type { Report } from '../report.ts';
import { renderScroll, type Section } from './markup.ts';
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

/** Lists the sections that have any content. */
export function listSections(report: Report, details: ReportDetails): Section[] {
  return listAll(report, details).filter(({ content }) => content !== '');
}

function listAll(report: Report, details: ReportDetails): Section[] {
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
