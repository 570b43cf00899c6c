// Shows a problem as a compiler does: the place, the code, the rule and the fact, the line with a
// squiggle under what is meant, and what to do.

import { styleText } from 'node:util';
import type { Problem } from './problem.ts';
import { renderLocation, type SourceLocation, toLineColumn } from './source-location.ts';

/** Columns of a line that are shown; longer ones are cut around the place. */
const SHOWN = 100;

/** Renders a problem over several lines, without a line break at the end. */
export function renderProblem(
  problem: Problem,
  { color = false }: { readonly color?: boolean } = {},
): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const { where, code, message, hint, related = [] } = problem;
  const head = [where ? paint('bold', renderLocation(where)) : '', paint('red', code)].filter(
    (part) => part !== '',
  );
  return [
    head.join('  '),
    `  ${message}`,
    ...(where ? renderExcerpt(where, (text) => paint('red', text)) : []),
    ...(hint ? [`    ${paint('cyan', 'hint:')} ${hint}`] : []),
    ...related.flatMap((place) => [`    ${renderLocation(place.where)}  ${place.message}`]),
  ].join('\n');
}

function renderExcerpt(where: SourceLocation, paint: (text: string) => string): string[] {
  const { line, column } = toLineColumn(where.file.text, where.offset);
  const whole = readLine(where).replaceAll('\t', ' ');
  const from = column - 1 > SHOWN - 20 ? column - 1 - 20 : 0;
  const text = whole.slice(from, from + SHOWN);
  const start = column - 1 - from;
  const length = Math.max(1, Math.min(where.length, text.length - start));
  const number = String(line);
  return [
    '',
    `    ${number} | ${text}`,
    `    ${' '.repeat(number.length)} | ${' '.repeat(start)}${paint('~'.repeat(length))}`,
  ];
}

/** The line of the text in which a place begins. */
function readLine({ file: { text }, offset }: SourceLocation): string {
  const start = text.slice(0, offset).lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}
