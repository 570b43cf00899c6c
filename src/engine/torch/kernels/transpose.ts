import type { TorchKernel } from '../kernel.ts';

export const transpose: TorchKernel = {
  kernelName: 'Transpose',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { perm } = attrs as { perm: number[] };
    const axes = x.shape.map((_, axis) => axis);
    if ([...perm].sort((a, b) => a - b).join() !== axes.join())
      throw new Error(`[${perm}] is not an order of ${axes.length} axes`);
    const shape = perm.map((axis) => x.shape[axis]!);
    return backend.adopt(backend.addon.Transpose(backend.handleOf(x), perm), shape, x.dtype);
  },
};
