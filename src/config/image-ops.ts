// What is known of image operations without running them.

import type { ImageOp } from './schema/recipe.generated.ts';

/** True when the operation draws nothing: every epoch then sees the same pixels. */
export function isDeterministic({ op }: ImageOp): boolean {
  return op === 'resize' || op === 'centerCrop';
}
