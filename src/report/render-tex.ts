// The report as LaTeX: a table with booktabs' rules, to be \input into a paper, its notes below it.
// Needs \usepackage{booktabs}.

import type { Report } from './report.ts';
import { createTable, listDepartures, listJudging, listNotes, listReasons } from './table.ts';

/** Renders the table environment. Ends with a line break. */
export function renderTex(report: Report): string {
  if (report.columns.length === 0) return '% No evaluations, so there is no table.\n';
  const { header, rows } = createTable(report);
  const renderRow = (cells: readonly string[]) => `    ${cells.map(renderCell).join(' & ')} \\\\`;
  const lines = [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escapeTex(report.claim?.trim() ?? report.experiment)}}`,
    `  \\label{tab:${report.experiment.replace(/[^A-Za-z0-9-]/g, '-')}}`,
    `  \\begin{tabular}{l${'r'.repeat(header.length - 1)}}`,
    '    \\toprule',
    renderRow(header),
    '    \\midrule',
    ...rows.map(renderRow),
    '    \\bottomrule',
    '  \\end{tabular}',
    ...renderNotes([...listNotes(report), ...listJudging(report), ...listDepartures(report)]),
    '\\end{table}',
    ...listReasons(report).map((reason) => `% ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

function renderNotes(notes: readonly string[]): string[] {
  return [
    '',
    '  \\smallskip',
    '  \\begin{minipage}{\\linewidth}\\footnotesize\\raggedright',
    ...notes.map((note) => `    ${escapeTex(note.replaceAll(' -> ', ' → '))}\\par`),
    '  \\end{minipage}',
  ];
}

/** `60.8±0.2` in mathematics, a mark raised. */
function renderCell(text: string): string {
  const [, body, mark] = /^(.*?)(?: \[([a-z]+)\])?$/.exec(text) as unknown as [string, string, string?];
  const raised = mark === undefined ? '' : `\\textsuperscript{${mark}}`;
  if (/^[+-]?\d+\.\d$/.test(body)) return `$${body}$${raised}`;
  return escapeTex(body).replace(/(\d+\.\d)\$\\pm\$(\d+\.\d)/, '$$$1\\pm$2$$') + raised;
}

const TEX: { readonly [character: string]: string } = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '±': '$\\pm$',
  '→': '$\\rightarrow$',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
};

/** Escapes what TeX would read as a command. */
export function escapeTex(text: string): string {
  return text.replace(/[\\{}$&#%_^~±→<>]/g, (character) => TEX[character]!);
}
