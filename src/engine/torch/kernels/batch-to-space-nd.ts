import { backend_util, util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const batchToSpaceND: TorchKernel = {
  kernelName: 'BatchToSpaceND',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { blockShape, crops } = attrs as { blockShape: number[]; crops: [number, number][] };
    const [batch, ...sides] = x.shape;
    expectWhole('the number of axes', x.shape.length, blockShape.length + 1);
    if (crops.length !== blockShape.length) throw new Error('there is not one crop for each block size');
    if (batch! % util.sizeFromShape(blockShape) !== 0)
      throw new Error(`${batch} images do not make blocks of [${blockShape}]`);
    crops.forEach(([before, after], i) => {
      const size = sides[i]! * blockShape[i]!;
      if (before + after > size) throw new Error(`crops of ${before} and ${after} leave nothing of ${size}`);
    });
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
