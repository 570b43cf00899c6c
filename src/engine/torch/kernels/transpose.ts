import type { TorchKernel } from '../kernel.ts';

export const transpose: TorchKernel = {
  kernelName: 'Transpose',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { perm } = attrs as { perm: number[] };
    const shape = perm.map((axis) => x.shape[axis]!);
    return backend.adopt(backend.addon.Transpose(backend.handleOf(x), perm), shape, x.dtype);
  },
};
