import type { TorchKernel } from '../kernel.ts';
import { readPoolWindow, requireFloats } from '../window.ts';

/** [N, H, W, C] -> [N, OH, OW, C] */
export const maxPool: TorchKernel = {
  kernelName: 'MaxPool',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    requireFloats(x);
    const { window, size, outShape } = readPoolWindow(attrs, x.shape);
    return backend.adopt(backend.addon.MaxPool(backend.handleOf(x), size, window, outShape), outShape);
  },
};
