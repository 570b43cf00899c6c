// Who set a value, as `moco config`, `moco plan` and the report say it: configs/mocov1.yaml:29, a flag, or default.

import { toLineColumn } from '../core/source-location.ts';
import type { Origin } from './located.ts';

/** Names the place of a value; one that was written nowhere is a default. */
export function describeOrigin(origin: Origin | undefined): string {
  if (!origin) return 'default';
  if (origin.kind === 'flag') return origin.text;
  const { file, offset } = origin.where;
  return `${file.path}:${toLineColumn(file.text, offset).line}`;
}
