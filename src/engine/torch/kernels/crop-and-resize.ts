import type { TensorInfo } from '@tensorflow/tfjs-core';
import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** image [N, H, W, C], boxes [B, 4] in fractions, boxInd [B] -> [B, ...cropSize, C] */
export const cropAndResize: TorchKernel = {
  kernelName: 'CropAndResize',
  run: ({ inputs, attrs, backend }) => {
    const { image, boxes, boxInd } = inputs as Record<'image' | 'boxes' | 'boxInd', TensorInfo>;
    const { cropSize, method, extrapolationValue } = attrs as {
      cropSize: [number, number];
      method: 'bilinear' | 'nearest';
      extrapolationValue: number;
    };
    expectTensor('boxes', boxes, [boxInd.shape[0]!, 4]);
    if (image.shape[1] === 0 || image.shape[2] === 0) throw new Error('there are no pixels to resize');
    const handle = backend.addon.CropAndResize(
      backend.handleOf(image),
      backend.handleOf(boxes),
      backend.handleOf(boxInd),
      cropSize,
      method === 'bilinear',
      extrapolationValue,
    );
    return backend.adopt(handle, [boxes.shape[0]!, ...cropSize, image.shape[3]!]);
  },
};
