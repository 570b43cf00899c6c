import type { TorchKernel } from '../kernel.ts';
import { outputSize, readPool } from '../window.ts';

export const maxPool: TorchKernel = {
  kernelName: 'MaxPool',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { size, stride, padding } = readPool(attrs);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const shape = [n, outputSize(h, size, { stride, padding }), outputSize(w, size, { stride, padding }), c];
    return backend.adopt(backend.addon.MaxPool(backend.handleOf(x), size, stride, padding), shape);
  },
};
