// Leaves a report on disk in all its forms, page and figures included. Loads the library that draws: import it
// where a report is wanted, not before. The same results give the same bytes.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { type CollectedRun, collectDetails } from './details/collect-details.ts';
import type { ReportDetails } from './details/details.ts';
import { drawClasses } from './figures/draw-classes.ts';
import { drawConfusion } from './figures/draw-confusion.ts';
import { drawCurves } from './figures/draw-curves.ts';
import { drawGraph } from './figures/draw-graph.ts';
import { drawMap } from './figures/draw-map.ts';
import { drawTrials } from './figures/draw-trials.ts';
import { LIGHT } from './figures/theme.ts';
import { renderPage } from './html/render-page.ts';
import { writeReport } from './write-report.ts';

/** Writes the report's files and `figures/` into a folder. Returns their names. Throws REPORT_* problems. */
export function writeFullReport(folder: string, run: CollectedRun): string[] {
  const { report } = run;
  const details = collectDetails(run);
  const page = 'report.html';
  writeFileAtomic(path.join(folder, page), [renderPage(report, details)]);
  return [page, ...writeReport(folder, report), ...writeFigures(folder, details)];
}

/** Figures for papers: light, with literal colours. Those of an earlier report go. */
function writeFigures(folder: string, details: ReportDetails): string[] {
  rmSync(path.join(folder, 'figures'), { recursive: true, force: true });
  const figures = [
    ...details.trials.map((figure) => [figure.key, drawTrials(figure, LIGHT)]),
    ...details.curves.map((figure) => [`curve-${figure.key}`, drawCurves(figure, LIGHT)]),
    ...details.classes.map((figure) => [figure.key, drawClasses(figure, LIGHT)]),
    ...details.confusions.map((figure) => [figure.key, drawConfusion(figure, LIGHT)]),
    ...details.maps.map((figure) => [figure.key, drawMap(figure, LIGHT)]),
    [details.graph.key, drawGraph(details.graph, LIGHT)],
  ] as const;
  return figures.map(([key, svg]) => {
    const name = `figures/${key}.svg`;
    writeFileAtomic(path.join(folder, name), [`${svg}\n`]);
    return name;
  });
}
