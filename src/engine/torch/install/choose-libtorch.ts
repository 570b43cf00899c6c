// Which libtorch is taken: the one that was asked for; else one of this folder or shell (virtual
// environment, conda); else the newest of the machine. Each that was looked at is told, with why.

import { ProblemError } from '../../../core/problem.ts';
import type { Candidate } from './find-libtorch.ts';
import { compareVersions, type Libtorch } from './read-libtorch.ts';

/** A candidate whose library can be used. */
export interface Choice extends Candidate {
  readonly found: Libtorch;
}

/** The one to take; undefined where none can be used. Throws TORCH_UNUSABLE for a bad explicit one. */
export function chooseLibtorch(candidates: readonly Candidate[]): Choice | undefined {
  const explicit = candidates.find(({ rank }) => rank === 'explicit');
  if (explicit && !isUsable(explicit)) throw new ProblemError(reportUnusable(explicit));
  if (explicit) return explicit as Choice;
  const usable = candidates.filter(isUsable);
  const here = usable.find(({ rank }) => rank === 'here');
  return here ?? usable.toSorted((a, b) => compareVersions(b.found.version, a.found.version))[0];
}

/** A line for each candidate; the Pythons without torch share one. */
export function explainChoice(candidates: readonly Candidate[], choice: Choice | undefined): string[] {
  const width = Math.min(40, Math.max(...candidates.map(({ origin }) => origin.length)));
  const lines = candidates.flatMap((candidate) => {
    const { origin, found } = candidate;
    if (found === undefined) return [];
    const usable = isUsable(candidate);
    const verdict = candidate === choice ? 'taken' : usable ? 'passed' : 'no';
    const text = usable ? describe(candidate.found) : found;
    const why = usable && choice && candidate !== choice ? `; ${whyNot(candidate, choice)}` : '';
    return [`  ${verdict.padEnd(6)}  ${origin.padEnd(width)}  ${text}${why}`];
  });
  const empty = candidates.filter(({ found }) => found === undefined).map(({ origin }) => origin);
  if (empty.length > 0) lines.push(`  no torch in ${empty.join(', ')}`);
  return lines;
}

function isUsable(candidate: Candidate): candidate is Choice {
  return typeof candidate.found === 'object';
}

function describe({ version, cuda, lib }: Libtorch): string {
  return `${version} ${cuda ? 'with' : 'without'} CUDA, in ${lib}`;
}

function whyNot(candidate: Choice, choice: Choice): string {
  if (choice.rank === 'explicit') return 'another was asked for';
  if (choice.rank === 'here') return 'the one of this folder or shell comes first';
  return compareVersions(choice.found.version, candidate.found.version) > 0
    ? `${choice.found.version} is newer`
    : 'another of the same version was found first';
}

function reportUnusable({ origin, found }: Candidate) {
  const mend =
    origin === '$LIBTORCH'
      ? 'Unset LIBTORCH to let `moco engine install torch` look for one, or point it to'
      : 'Leave --libtorch out to let `moco engine install torch` look for one, or give it';
  return {
    code: 'TORCH_UNUSABLE',
    message: `Expected ${origin} to be a libtorch of 1.13 or newer with headers, but ${found}.`,
    hint: `${mend} a folder with include/ and lib/: an unpacked libtorch archive, or what \`python3 -c 'import torch; print(torch.__path__[0])'\` prints.`,
  };
}
