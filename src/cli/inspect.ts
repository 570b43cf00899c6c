// `moco inspect`: what is in a checkpoint, whoever wrote it.

import { ExitCode } from '../core/exit-code.ts';
import { describeFile, type FileDescription, type TensorSummary } from '../files/describe-file.ts';
import type { FoundArchitecture } from '../files/find-architecture.ts';
import { formatBytes } from '../plan/format-quantity.ts';

/** Prints it as text, or as JSON. */
export function inspect(file: string, { json = false }: { readonly json?: boolean }): ExitCode {
  const description = describeFile(file);
  process.stdout.write(json ? `${JSON.stringify(description, null, 2)}\n` : renderDescription(description));
  return ExitCode.done;
}

const FORMATS: { readonly [Name in FileDescription['format']]: string } = {
  'torch-zip': 'PyTorch, zip',
  'torch-legacy': 'PyTorch, before 1.6',
  pickle: 'pickle',
  safetensors: 'safetensors',
};

/** Renders a description as a list of facts and a table of tensors. */
export function renderDescription(description: FileDescription): string {
  const { bytes, format, md5, published, layout, prefix, architecture, queue, epoch, tensors, others } =
    description;
  const facts: [string, string][] = [
    ['format', `${FORMATS[format]}, ${formatBytes(bytes)}`],
    ['md5', published ? `${md5}, the published ${published}` : `${md5}, not a published one`],
    [
      'layout',
      layout ? `${layout}, encoder ${prefix ? `under ${prefix}` : 'at the top'}` : renderUnknown(tensors),
    ],
    ['architecture', architecture ? renderArchitecture(architecture) : 'no ResNet'],
    [
      'head',
      architecture?.head ? `${architecture.head.kind}, ${architecture.head.sizes.join(' -> ')}` : 'none',
    ],
    ['queue', queue ? `${queue.size} keys of ${queue.dim}` : 'none'],
    ['epoch', epoch === null ? 'not said' : String(epoch)],
  ];
  return [
    description.path,
    ...facts.map(([name, fact]) => `  ${name.padEnd(14)}${fact}`),
    '',
    ...renderTable(`Network: ${tensors.length} tensors`, tensors),
    ...(others.length > 0 ? ['', ...renderTable(`Beside it: ${others.length} tensors`, others)] : []),
    '',
  ].join('\n');
}

function renderUnknown(tensors: readonly TensorSummary[]): string {
  const starts = [...new Set(tensors.map(({ name }) => name.split('.').slice(0, 2).join('.')))];
  return `none that is known; names begin with ${starts.slice(0, 6).join(', ')}`;
}

function renderArchitecture({ arch, block, depths, stem, width, featureDim }: FoundArchitecture): string {
  const name = arch ?? `unnamed ResNet of ${block} blocks ${depths.join('-')}`;
  return `${name}, stem ${stem}, width ${width}, ${featureDim} features`;
}

function renderTable(title: string, tensors: readonly TensorSummary[]): string[] {
  const rows = tensors.map(({ name, shape, dtype, mean, std, nan }) => [
    // Names come from the file: nothing of them may steer the terminal.
    name.replace(/\p{Cc}/gu, '?'),
    `[${shape}]`,
    dtype,
    formatNumber(mean),
    formatNumber(std),
    String(nan),
  ]);
  const all = [[title, 'shape', 'dtype', 'mean', 'std', 'NaN'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  // Texts to the left, numbers to the right.
  return all.map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function formatNumber(value: number | null): string {
  return value === null ? '-' : value.toPrecision(4);
}
