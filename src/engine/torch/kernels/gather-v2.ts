import { backend_util, util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

/** Slices along one axis; an index out of range is an error. */
export const gatherV2: TorchKernel = {
  kernelName: 'GatherV2',
  run: ({ inputs, attrs, backend }) => {
    const [x, indices] = [inputs.x!, inputs.indices!];
    const { axis, batchDims = 0 } = attrs as { axis: number; batchDims?: number };
    const along = util.parseAxisParam(axis, x.shape)[0]!;
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
      backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, along, batchDims);
    const count = util.sizeFromShape(indices.shape.slice(batchDims));
    const handle = backend.addon.GatherV2(
      backend.handleOf(x),
      backend.handleOf(indices),
      [batchSize, outerSize, dimSize, sliceSize, count],
      outputShape,
    );
    return backend.adopt(handle, outputShape, x.dtype);
  },
};
