// Leaves a report on disk in all its forms. The same results give the same bytes.

import path from 'node:path';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { renderCsv } from './render-csv.ts';
import { renderMarkdown } from './render-markdown.ts';
import { renderTex } from './render-tex.ts';
import type { Report } from './report.ts';

/** Forms of a report by the ending of their files. */
export const reportFormats = {
  md: renderMarkdown,
  tex: renderTex,
  json: (report: Report) => `${JSON.stringify(report, null, 2)}\n`,
  csv: renderCsv,
} as const;

/** Writes `report.md`, `report.tex`, `report.json` and `report.csv` into a folder. Returns their names. */
export function writeReport(folder: string, report: Report): string[] {
  return Object.entries(reportFormats).map(([ending, render]) => {
    const name = `report.${ending}`;
    writeFileAtomic(path.join(folder, name), [render(report)]);
    return name;
  });
}
