import { backend_util, util } from '@tensorflow/tfjs-core';
import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const spaceToBatchND: TorchKernel = {
  kernelName: 'SpaceToBatchND',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { blockShape, paddings } = attrs as { blockShape: number[]; paddings: [number, number][] };
    expectWhole('the number of axes', x.shape.length, blockShape.length + 1);
    if (paddings.length !== blockShape.length)
      throw new Error('there is not one padding for each block size');
    const block = util.sizeFromShape(blockShape);
    const rest = x.shape.slice(1 + blockShape.length).map((): [number, number] => [0, 0]);
    const around = [[0, 0], ...paddings, ...rest] as [number, number][];
    const padded = x.shape.map((size, i) => size + around[i]![0] + around[i]![1]);
    blockShape.forEach((size, i) => {
      if (padded[i + 1]! % size !== 0)
        throw new Error(`${padded[i + 1]} pixels do not make blocks of ${size}`);
    });
    const blocks = backend_util.getReshaped(padded, blockShape, block, false);
    const permutation = backend_util.getPermuted(blocks.length, blockShape.length, false);
    const shape = backend_util.getReshapedPermuted(padded, blockShape, block, false);
    const handle = backend.addon.SpaceToBatchND(
      backend.handleOf(x),
      around.flat(),
      0,
      blocks,
      permutation,
      shape,
    );
    return backend.adopt(handle, shape, x.dtype);
  },
};
