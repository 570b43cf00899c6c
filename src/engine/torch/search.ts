// Where values belong in sorted rows.

import { expectOneType } from './checks.ts';
import type { KernelCall, TorchKernel } from './kernel.ts';

/** sortedSequence [B, N], values [B, M] -> places [B, M] */
export function searchKernel(
  kernelName: string,
  isBehind: (attrs: KernelCall['attrs']) => boolean,
): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const [sorted, values] = [inputs.sortedSequence!, inputs.values!];
      if (sorted.shape[0] !== values.shape[0]) throw new Error('both must have the same rows');
      expectOneType([sorted, values]);
      const handle = backend.addon.SearchSorted(
        backend.handleOf(sorted),
        backend.handleOf(values),
        isBehind(attrs),
      );
      return backend.adopt(handle, values.shape, 'int32');
    },
  };
}
