import type { TorchKernel } from '../kernel.ts';

export const linSpace: TorchKernel = {
  kernelName: 'LinSpace',
  run: ({ attrs, backend }) => {
    const { start, stop, num } = attrs as { start: number; stop: number; num: number };
    return backend.adopt(backend.addon.LinSpace(start, stop, num), [num]);
  },
};
