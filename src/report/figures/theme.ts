// How figures look. Two themes: literal colours for files, which go into papers, and variables for pages, which
// follow the reader's light or dark. Series differ in colour (Okabe and Ito 2008), dash and marker at once, so
// that they are told apart in black and white too.

/** Colours of a figure, each a literal or a CSS variable. */
export interface Theme {
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  /** Of series, in order; they repeat after the last. */
  readonly series: readonly string[];
}

/** The palette of Okabe and Ito without yellow, which white paper swallows; the last is the ink. */
export const LIGHT: Theme = {
  ink: '#1b1f24',
  muted: '#57606a',
  grid: '#d8dee4',
  background: '#ffffff',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b37400', '#3a8fc2', '#1b1f24', '#7a5195'],
};

/** The same hues, light enough for a dark page. */
export const DARK: Theme = {
  ink: '#e6edf3',
  muted: '#9aa5b1',
  grid: '#30363d',
  background: '#0f1318',
  series: ['#5ab4f0', '#ff9248', '#35c99b', '#eda0cb', '#e6b450', '#8fd0f5', '#e6edf3', '#b79be0'],
};

/** For inline figures of a page whose style sheet has `renderVariables`. */
export const PAGE: Theme = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  background: 'var(--background)',
  series: LIGHT.series.map((_, index) => `var(--series-${index})`),
};

/** The variables of `PAGE` with one theme's colours, as CSS declarations. */
export function renderVariables({ ink, muted, grid, background, series }: Theme): string {
  const named = [
    ...Object.entries({ ink, muted, grid, background }),
    ...series.map((color, index) => [`series-${index}`, color] as const),
  ];
  return named.map(([name, color]) => `--${name}:${color};`).join('');
}

/** How one series is drawn. */
export interface SeriesStyle {
  readonly color: string;
  /** stroke-dasharray; `none` is solid. */
  readonly dash: string;
  /** A symbol of Plot. */
  readonly marker: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'times' | 'plus' | 'wye';
}

const DASHES = ['none', '7 3', '2 3', '9 3 2 3', '4 2', '1 4', '12 3', '6 2 1 2 1 2'];
const MARKERS = ['circle', 'square', 'triangle', 'diamond', 'star', 'times', 'plus', 'wye'] as const;

/** The style of the series with this number. Ten series still differ: the marker goes on where colours begin anew. */
export function styleOf({ series }: Theme, index: number): SeriesStyle {
  const round = Math.floor(index / series.length);
  return {
    color: series[index % series.length]!,
    dash: DASHES[(index + round) % DASHES.length]!,
    marker: MARKERS[(index + round) % MARKERS.length]!,
  };
}
