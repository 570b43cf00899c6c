// A reference case in words, and what it cannot show.

import type { TrainingCase } from '../config/schema/parity.generated.ts';
import type { CaseResult } from './comparison.ts';
import { listUnread } from './list-unread.ts';
import type { ParityCase } from './read-case.ts';
import { readNoise } from './tolerance.ts';

/** Relative distance of PyTorch's own two runs; tolerances are ten times as wide. */
const TELLING = 1e-3;

/** What heads a case's table, and what stands below it. */
export function describeCase(parityCase: ParityCase): Pick<CaseResult, 'title' | 'notes'> {
  const { title, notes } = describeKind(parityCase);
  const unread = listUnread(parityCase);
  if (unread.length === 0) return { title, notes };
  return { title, notes: [...notes, `In the file but not compared: ${unread.join(', ')}.`] };
}

function describeKind({ kind, given }: ParityCase): Pick<CaseResult, 'title' | 'notes'> {
  switch (kind) {
    case 'training-case': {
      const { arch, dim, K, T, mlp, cos, batch, size, lr, wd, ranks } = given.config;
      const extras = `${mlp ? ', mlp' : ''}${cos ? ', cos' : ''}`;
      const spread = ranks === 1 ? '' : ` on ${ranks} ranks`;
      const title = `MoCo, ${arch}, dim ${dim}, K ${K}, T ${T}${extras}, ${batch} images of ${size} x ${size}${spread}, lr ${lr}, wd ${wd}, ${given.steps.length} steps`;
      return { title, notes: noteNoise(given) };
    }
    case 'lincls-case': {
      const { arch, classes, batch, size, lr } = given.config;
      const title = `linear classification, ${arch}, ${classes} classes, ${batch} images of ${size} x ${size}, lr ${lr}, ${given.lincls.length} steps; kNN, k ${given.knn.k}, t ${given.knn.t}`;
      return { title, notes: [] };
    }
    case 'augment-case':
      return {
        title: `${Object.keys(given.ops).length} image operations; no engine takes part`,
        notes: [],
      };
  }
}

function noteNoise({ steps }: TrainingCase): string[] {
  const noise = readNoise(steps);
  const wide = steps.findIndex((_, step) => noise('', step) > TELLING);
  if (wide < 0) return [];
  return [
    `From step ${wide} on PyTorch's own float32 run is more than ${100 * TELLING} % from its float64 run: those steps show little.`,
  ];
}
