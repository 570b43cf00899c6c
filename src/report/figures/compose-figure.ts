// A plot with its title and legend as one SVG that stands alone. Plot draws without a browser, into
// linkedom's document.

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeMarkup } from '../escape-markup.ts';
import { fitLabel, guessWidth } from './fit-label.ts';
import type { SeriesStyle, Theme } from './theme.ts';

/** What Plot draws into; linkedom's has all that it needs. */
type PlotDocument = NonNullable<Plot.PlotOptions['document']>;

/** One entry of a legend. `line`: a dash; `dot`: a marker; `both`: a dash with its marker. */
export interface LegendItem {
  /** Cut short where it does not fit. */
  readonly label: string;
  /** Behind the label, never cut: ` (n = 5)`. */
  readonly note?: string;
  readonly style: SeriesStyle;
  readonly shows: 'line' | 'dot' | 'both';
}

export interface FigureFrame {
  readonly theme: Theme;
  readonly title: string;
  /** Size of the plot itself, in pixels; title and legend come on top. */
  readonly width: number;
  readonly height: number;
  readonly legend?: readonly LegendItem[];
  /** What a reader who cannot see it is told. */
  readonly description: string;
}

const FONT_SIZE = 12;
const TITLE_HEIGHT = 26;
const LINE_HEIGHT = 20;

/** Draws a plot and composes the figure. */
export function composeFigure(frame: FigureFrame, options: Plot.PlotOptions): string {
  const { theme, title, width, height, legend = [], description } = frame;
  const rows = layOutLegend(legend, width);
  const top = TITLE_HEIGHT + rows.length * LINE_HEIGHT + (rows.length > 0 ? 4 : 0);
  const total = top + height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" role="img" aria-label="${escapeMarkup(`${title}: ${description}`)}" font-family="system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif" font-size="${FONT_SIZE}" fill="${theme.ink}" color="${theme.ink}">`,
    `<text x="0" y="16" font-size="13" font-weight="600">${escapeMarkup(title)}</text>`,
    ...rows.flatMap((row, index) =>
      row.map((placed) => renderItem(placed, { y: TITLE_HEIGHT + index * LINE_HEIGHT + 8, theme })),
    ),
    `<svg x="0" y="${top}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" text-anchor="middle" overflow="visible">`,
    `${drawInner(frame, options)}</svg>`,
    '</svg>',
  ].join('\n');
}

/** The marks of a plot, without the outer element that Plot puts around them and its style sheet. */
function drawInner({ width, height, theme }: FigureFrame, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const plot = Plot.plot({
    ...options,
    width,
    height,
    document: document as unknown as PlotDocument,
    style: { fontSize: `${FONT_SIZE}px`, color: theme.ink },
  });
  for (const sheet of plot.querySelectorAll('style')) sheet.remove();
  renameLabels(plot);
  return plot.innerHTML;
}

/** The figure is one image to whoever listens to it; what its marks are called is for those who take it apart. */
function renameLabels(plot: ReturnType<typeof Plot.plot>): void {
  for (const mark of plot.querySelectorAll('[aria-label]')) mark.removeAttribute('aria-label');
  for (const mark of plot.querySelectorAll('[aria-description]')) {
    mark.setAttribute('data-mark', mark.getAttribute('aria-description') ?? '');
    mark.removeAttribute('aria-description');
  }
}

interface PlacedItem {
  readonly item: LegendItem;
  readonly text: string;
  readonly x: number;
}

const SAMPLE = 28;

/** Breaks a legend into rows of the figure's width. */
function layOutLegend(items: readonly LegendItem[], width: number): PlacedItem[][] {
  const rows: PlacedItem[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const { label, note = '' } = item;
    const room = width - SAMPLE - 6 - guessWidth(note, FONT_SIZE);
    const text = fitLabel(label, { width: room, fontSize: FONT_SIZE }) + note;
    const needed = SAMPLE + 6 + guessWidth(text, FONT_SIZE) + 16;
    if (x + needed > width + 16) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ item, text, x });
    x += needed;
  }
  return rows;
}

function renderItem(
  { item: { style, shows }, text, x }: PlacedItem,
  { y, theme }: { readonly y: number; readonly theme: Theme },
): string {
  const dash = style.dash === 'none' ? '' : ` stroke-dasharray="${style.dash}"`;
  const line = `<path d="M${x},${y}h${SAMPLE}" stroke="${style.color}" stroke-width="2"${dash} fill="none"/>`;
  const marker = shows === 'line' ? '' : renderMarker(style, { x: x + SAMPLE / 2, y });
  const sample = shows === 'dot' ? marker : line + marker;
  const width = shows === 'dot' ? SAMPLE / 2 + 6 : SAMPLE;
  return `<g>${sample}<text x="${x + width + 6}" y="${y + 4}" fill="${theme.ink}">${escapeMarkup(text)}</text></g>`;
}

function renderMarker(
  { color, marker }: SeriesStyle,
  at: { readonly x: number; readonly y: number },
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const plot = Plot.plot({
    ...{ width: 20, height: 20, margin: 0, axis: null, document: document as unknown as PlotDocument },
    x: { domain: [0, 1] },
    y: { domain: [0, 1] },
    marks: [
      Plot.dot([[0.5, 0.5]], { symbol: marker, r: 4.5, stroke: color, fill: color, fillOpacity: 0.35 }),
    ],
  });
  const dot = plot.querySelector('[aria-label="dot"]')!;
  renameLabels(plot);
  const path = dot.outerHTML;
  return `<g transform="translate(${at.x - 10},${at.y - 10})">${path}</g>`;
}
