import { util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** Sums of the slices of each segment; negative segments are left out. */
export const unsortedSegmentSum: TorchKernel = {
  kernelName: 'UnsortedSegmentSum',
  run: ({ inputs, attrs, backend }) => {
    const [x, segmentIds] = [inputs.x!, inputs.segmentIds!];
    const { numSegments } = attrs as { numSegments: number };
    const [length] = segmentIds.shape;
    if (segmentIds.shape.length !== 1 || length !== x.shape[0])
      throw new Error('segmentIds must have one number for each slice of x');
    const shape = [numSegments, ...x.shape.slice(1)];
    const slices = [1, length!, util.sizeFromShape(x.shape.slice(1))];
    const flat = backend.addon.Reshape(backend.handleOf(x), slices);
    try {
      const handle = backend.addon.UnsortedSegmentSum(flat, backend.handleOf(segmentIds), numSegments, shape);
      return backend.adopt(handle, shape, x.dtype);
    } finally {
      backend.addon.drop(flat);
    }
  },
};
