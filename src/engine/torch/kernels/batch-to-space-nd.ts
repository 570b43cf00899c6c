import { backend_util, util } from '@tensorflow/tfjs-core';
import type { TorchKernel } from '../kernel.ts';

export const batchToSpaceND: TorchKernel = {
  kernelName: 'BatchToSpaceND',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { blockShape, crops } = attrs as { blockShape: number[]; crops: [number, number][] };
    const block = util.sizeFromShape(blockShape);
    const blocks = backend_util.getReshaped(x.shape, blockShape, block);
    const permutation = backend_util.getPermuted(blocks.length, blockShape.length);
    const spread = backend_util.getReshapedPermuted(x.shape, blockShape, block);
    const rest = spread.slice(1 + blockShape.length);
    const begin = [...backend_util.getSliceBeginCoords(crops, blockShape.length), ...rest.map(() => 0)];
    const shape = [...backend_util.getSliceSize(spread, crops, blockShape.length), ...rest];
    const handle = backend.addon.BatchToSpaceND(
      backend.handleOf(x),
      blocks,
      permutation,
      spread,
      begin,
      shape,
    );
    return backend.adopt(handle, shape, x.dtype);
  },
};
