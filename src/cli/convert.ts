// `moco convert`: from one form of a checkpoint to another, bit for bit. The new file's name says which.

import path from 'node:path';
import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { type Conversion, chooseTarget, convert } from '../files/convert/convert.ts';
import { withTensors } from '../files/open-tensors.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';

export interface ConvertOptions {
  /** Name each tensor that is left out, and say why. */
  readonly strict?: boolean;
  /** Keep the encoder alone, where the name would mean everything. */
  readonly encoder?: boolean;
}

/** Converts, and prints what was kept and what was left out. */
export function convertFile(
  from: string,
  to: string,
  { strict = false, encoder = false }: ConvertOptions,
): ExitCode {
  process.stdout.write(renderConversion(to, writeConverted(from, to, { encoder }), strict));
  return ExitCode.done;
}

/** Writes the new file, whole or not at all. Throws CONVERT_* problems and those of the file. */
export function writeConverted(
  from: string,
  to: string,
  { encoder }: { readonly encoder: boolean },
): Conversion {
  if (path.resolve(from) === path.resolve(to)) throw new ProblemError(reportSameFile(to));
  const target = chooseTarget(to, { encoder });
  return withTensors(from, (source) => {
    const conversion = convert(source, target);
    writeFileAtomic(to, conversion.parts);
    return conversion;
  });
}

function reportSameFile(file: string) {
  return {
    code: 'CONVERT_SAME_FILE',
    message: `Expected two names but both are ${file}.`,
    hint: 'A file is not converted in place: give the new one another name.',
  };
}

function renderConversion(file: string, { what, kept, dropped }: Conversion, strict: boolean): string {
  const lines = [`${file}: ${what}, ${kept} tensors`];
  const reasons = new Map<string, string[]>();
  for (const { name, reason } of dropped) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  for (const [reason, names] of reasons) {
    lines.push(`  left out ${names.length}: ${reason}`);
    if (strict) lines.push(...names.map((name) => `    ${name}`));
  }
  if (dropped.length > 0 && !strict) lines.push('  (--strict names each)');
  return `${lines.join('\n')}\n`;
}
