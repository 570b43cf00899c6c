import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Channels become blocks of pixels. */
export const depthToSpace: TorchKernel = {
  kernelName: 'DepthToSpace',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { blockSize: b, dataFormat } = attrs as { blockSize: number; dataFormat: 'NHWC' | 'NCHW' };
    const first = dataFormat === 'NCHW';
    const [n, one, two, three] = x.shape as [number, number, number, number];
    const [h, w, depth] = first ? [two, three, one] : [one, two, three];
    const c = depth / (b * b);
    expectWhole('channels / blockSize²', c, 0);
    const [blocks, permutation, shape] = first
      ? [
          [n, b, b, c, h, w],
          [0, 3, 4, 1, 5, 2],
          [n, c, h * b, w * b],
        ]
      : [
          [n, h, w, b, b, c],
          [0, 1, 3, 2, 4, 5],
          [n, h * b, w * b, c],
        ];
    const handle = backend.addon.DepthToSpace(backend.handleOf(x), blocks!, permutation!, shape!);
    return backend.adopt(handle, shape!, x.dtype);
  },
};
