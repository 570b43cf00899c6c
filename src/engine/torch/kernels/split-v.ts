import { backend_util, util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Parts along an axis, each a slice. */
export const splitV: TorchKernel = {
  kernelName: 'SplitV',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { numOrSizeSplits, axis } = attrs as { numOrSizeSplits: number | number[]; axis: number };
    const along = util.parseAxisParam(axis, x.shape)[0]!;
    const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits, along);
    let end = 0;
    for (const size of sizes) {
      expectWhole('each size', size, 0);
      end += size;
    }
    if (end !== x.shape[along]) throw new Error(`the sizes [${sizes}] do not make ${x.shape[along]}`);
    const begin = x.shape.map(() => 0);
    return sizes.map((length) => {
      const size = x.shape.map((whole, i) => (i === along ? length : whole));
      const part = backend.adopt(backend.addon.Slice(backend.handleOf(x), begin, size), size, x.dtype);
      begin[along] = begin[along]! + length;
      return part;
    });
  },
};
