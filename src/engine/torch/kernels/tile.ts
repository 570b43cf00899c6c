import type { TorchKernel } from '../kernel.ts';

export const tile: TorchKernel = {
  kernelName: 'Tile',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { reps } = attrs as { reps: number[] };
    if (reps.length !== x.shape.length)
      throw new Error('there is not one number of repetitions for each axis');
    const shape = x.shape.map((size, i) => size * reps[i]!);
    return backend.adopt(backend.addon.Tile(backend.handleOf(x), reps), shape, x.dtype);
  },
};
