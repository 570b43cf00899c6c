// The addon as TypeScript sees it: tensors are numbers. Shapes and types are checked by the kernels
// before they call; the addon only computes. Its functions are listed by family in bindings/.

import { createRequire } from 'node:module';
import type { ArrayOps } from './bindings/arrays.ts';
import type { BinaryOps, ReductionOps, UnaryOps } from './bindings/elementwise.ts';
import type { NetworkOps, Updates } from './bindings/network.ts';
import type { RankOps } from './bindings/ranks.ts';
import type { RecordingOps } from './bindings/recordings.ts';
import type { StoreAndDevice } from './bindings/store.ts';

/** Element types by their number in the addon. */
const dtypeNumbers = { float32: 0, int32: 1, bool: 2, complex64: 3 } as const;

/** The number of an element type; throws for one that the engine doesn't hold. */
export function dtypeNumber(dtype: string): number {
  if (dtype in dtypeNumbers) return dtypeNumbers[dtype as keyof typeof dtypeNumbers];
  throw new Error(`the torch engine holds ${Object.keys(dtypeNumbers).join(', ')}, not ${dtype}`);
}

export interface TorchAddon
  extends UnaryOps,
    BinaryOps,
    ReductionOps,
    ArrayOps,
    NetworkOps,
    Updates,
    RankOps,
    RecordingOps,
    StoreAndDevice {}

/** Loads a built addon. Throws what the system's loader says. */
export function loadAddon(file: string): TorchAddon {
  return createRequire(import.meta.url)(file) as TorchAddon;
}
