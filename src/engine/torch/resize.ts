// The two ways to resize images, and their gradients.

import { expectTensor } from './checks.ts';
import type { TorchKernel } from './kernel.ts';

interface ResizeAttrs {
  readonly size: [number, number];
  readonly alignCorners: boolean;
  readonly halfPixelCenters?: boolean;
}

/** images [N, H, W, C] -> [N, ...size, C] */
export function resizeKernel(
  kernelName: 'ResizeBilinear' | 'ResizeNearestNeighbor',
  dtype: 'float32' | 'same',
): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const x = inputs.images!;
      const { size, alignCorners, halfPixelCenters = false } = attrs as unknown as ResizeAttrs;
      const [n, h, w, c] = x.shape as [number, number, number, number];
      if (h === 0 || w === 0) throw new Error('there are no pixels to resize');
      const handle = backend.addon[kernelName](backend.handleOf(x), size, alignCorners, halfPixelCenters);
      return backend.adopt(handle, [n, ...size, c], dtype === 'same' ? x.dtype : dtype);
    },
  };
}

/** dy [N, ...size, C] -> gradient of the images [N, H, W, C] */
export function resizeGradKernel(
  kernelName: 'ResizeBilinearGrad' | 'ResizeNearestNeighborGrad',
): TorchKernel {
  return {
    kernelName,
    run: ({ inputs, attrs, backend }) => {
      const [images, dy] = [inputs.images!, inputs.dy!];
      const { alignCorners, halfPixelCenters = false } = attrs as unknown as ResizeAttrs;
      const [n, height, width, channels] = images.shape as [number, number, number, number];
      expectTensor('dy', dy, [n, dy.shape[1]!, dy.shape[2]!, channels]);
      if (height === 0 || width === 0) throw new Error('there are no pixels to resize');
      const size = [height, width];
      const handle = backend.addon[kernelName](backend.handleOf(dy), size, alignCorners, halfPixelCenters);
      return backend.adopt(handle, images.shape, dy.dtype);
    },
  };
}
