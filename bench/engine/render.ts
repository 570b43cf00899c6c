// The benchmark's table: for each case its contenders, with the ratio to each peer of the same precision.

import type { Timing } from '../measure.ts';
import type { Where } from './contender.ts';

/** One contender on one case. Times are of one step. */
export interface Result extends Timing {
  readonly case: string;
  readonly contender: string;
  readonly ready: { readonly [key: string]: unknown };
  /** Images a step. */
  readonly batch: number;
  /** CPU time of a step, all threads; less shaken by other programs than its duration. */
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly where?: Where;
  /** Of the machine's float32 peak, what convolutions reach; of float32 alone. */
  readonly convolutionShareOfPeak?: number;
}

/** The rows of one case as a markdown table. */
export function renderResults(results: readonly Result[]): string {
  const ratios = peers
    .map(([title, peer]) => ({ title, ratio: (result: Result) => compareWith(result, results, peer) }))
    .filter(({ ratio }) => results.some((result) => ratio(result) !== ''));
  const rows = results.map((result) => [
    result.contender,
    `${result.medianMs.toFixed(0)} (${result.minMs.toFixed(0)} to ${result.maxMs.toFixed(0)})`,
    rate(result).toFixed(1),
    `${(result.peakBytes / 1e6).toFixed(0)} MB`,
    result.cpuMs.toFixed(0),
    ...ratios.map(({ ratio }) => ratio(result)),
  ]);
  const header = [
    results[0]?.case ?? '',
    'ms a step',
    'images/s',
    'peak memory',
    'CPU ms',
    ...ratios.map(({ title }) => title),
  ];
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const table = [header, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
  return `${[table, '', ...results.flatMap(describeWhere), ''].join('\n')}\n`;
}

/** Where the time of a step goes, in percent. */
function describeWhere({ contender, where, convolutionShareOfPeak }: Result): string[] {
  if (!where) return [];
  const { convolution, batchNorm, rest, javascript } = where;
  const total = convolution + batchNorm + rest + javascript;
  const share = (part: number) => `${((100 * part) / total).toFixed(0)}%`;
  const ofPeak =
    convolutionShareOfPeak === undefined
      ? ''
      : ` (${(100 * convolutionShareOfPeak).toFixed(0)}% of the machine's peak)`;
  return [
    `${contender}: convolution ${share(convolution)}${ofPeak}, BatchNorm ${share(batchNorm)}, other native work ${share(rest)}, JavaScript ${share(javascript)}`,
  ];
}

function rate({ batch, medianMs }: Result): number {
  return (1000 * batch) / medianMs;
}

/** A column's title, and who is the peer of a result in it. */
const peers: readonly (readonly [string, (result: Result) => string])[] = [
  ['/ as installed', () => 'PyTorch as installed fp32'],
  ['/ tuned', ({ contender }) => `PyTorch tuned ${contender.split(' ').at(-1)}`],
  ['/ TensorFlow', () => 'TensorFlow eager fp32'],
];

/** Ratio of images/s to a peer's; empty where it takes no part. */
function compareWith(result: Result, results: readonly Result[], nameOf: (result: Result) => string): string {
  const peer = results.find(({ contender }) => contender === nameOf(result));
  return peer && peer !== result ? (rate(result) / rate(peer)).toFixed(2) : '';
}
