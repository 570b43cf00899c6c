import { slice_util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const slice: TorchKernel = {
  kernelName: 'Slice',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { begin, size } = attrs as { begin: number | number[]; size: number | number[] };
    const [from, lengths] = slice_util.parseSliceParams(x as never, begin, size) as [number[], number[]];
    slice_util.assertParamsValid(x as never, from, lengths);
    for (const place of from) expectWhole('each begin', place, 0);
    for (const length of lengths) expectWhole('each size', length, 0);
    return backend.adopt(backend.addon.Slice(backend.handleOf(x), from, lengths), lengths, x.dtype);
  },
};
