import { slice_util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const stridedSlice: TorchKernel = {
  kernelName: 'StridedSlice',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
      attrs as Record<'begin' | 'end' | 'strides', number[]> &
        Record<'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask', number>;
    const info = slice_util.sliceInfo(
      x.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    const size = slice_util.computeOutShape(info.begin, info.end, info.strides);
    for (const length of size) expectWhole('each size', length, 0);
    const cut = backend.addon.StridedSlice(backend.handleOf(x), info.begin, size, info.strides);
    try {
      return backend.adopt(backend.addon.Reshape(cut, info.finalShape), info.finalShape, x.dtype);
    } finally {
      backend.addon.drop(cut);
    }
  },
};
