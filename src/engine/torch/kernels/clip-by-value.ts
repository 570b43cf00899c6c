import type { TorchKernel } from '../kernel.ts';

export const clipByValue: TorchKernel = {
  kernelName: 'ClipByValue',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { clipValueMin, clipValueMax } = attrs as { clipValueMin: number; clipValueMax: number };
    const handle = backend.addon.ClipByValue(backend.handleOf(x), clipValueMin, clipValueMax);
    return backend.adopt(handle, x.shape, x.dtype);
  },
};
