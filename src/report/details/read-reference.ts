// `report.reference`: somebody else's numbers by epoch, as CSV. The authors' CIFAR demo writes such a file.

import { readFileSync } from 'node:fs';
import { ProblemError } from '../../core/problem.ts';
import type { CurvePoint } from '../figures/draw-curves.ts';

/** Curves by the names of their columns. */
export type Reference = ReadonlyMap<string, readonly CurvePoint[]>;

/** Names of the authors' CIFAR demo. */
const ALIASES: { readonly [column: string]: string } = { train_loss: 'loss', 'test_acc@1': 'knn.top1' };

/** Reads the file. Throws REPORT_REFERENCE_UNREADABLE. */
export function readReference(file: string): Reference {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(`there is no such file (${(error as NodeJS.ErrnoException).code})`, file);
  }
  const [header = [], ...rows] = text.trim().split(/\r?\n/).map(splitRow);
  if (header[0] !== 'epoch' || header.length < 2) {
    throw unreadable(`its first line is ${JSON.stringify(header.join(','))}`, file);
  }
  return new Map(
    header.slice(1).map((name, index) => [
      ALIASES[name] ?? name,
      rows.map((fields, row) => {
        const [epoch, value] = [Number(fields[0] || Number.NaN), Number(fields[index + 1] || Number.NaN)];
        if (Number.isFinite(epoch) && Number.isFinite(value)) return { epoch, value };
        throw unreadable(`line ${row + 2} is ${JSON.stringify(fields.join(','))}`, file);
      }),
    ]),
  );
}

/** Fields of numbers and names: nothing in them is quoted but as a whole. */
function splitRow(line: string): string[] {
  return line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}

function unreadable(fact: string, file: string): ProblemError {
  return new ProblemError({
    code: 'REPORT_REFERENCE_UNREADABLE',
    message: `Expected report.reference to be a CSV of numbers under the header epoch,<curve>,... but ${fact}: ${file}.`,
    hint: 'Curves: loss, acc1, lr, imagesPerSecond, an evaluation and metric such as lincls.top1, or value.',
  });
}
