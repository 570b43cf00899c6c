import type { TorchKernel } from '../kernel.ts';

export const mirrorPad: TorchKernel = {
  kernelName: 'MirrorPad',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { paddings, mode } = attrs as { paddings: [number, number][]; mode: 'reflect' | 'symmetric' };
    if (paddings.length !== x.shape.length) throw new Error('there is not one padding for each axis');
    const symmetric = mode === 'symmetric';
    x.shape.forEach((size, i) => {
      const most = symmetric ? size : size - 1;
      const widest = Math.max(...paddings[i]!);
      if (widest > most) throw new Error(`axis ${i} of ${size} has no ${widest} numbers to mirror`);
    });
    const shape = x.shape.map((size, i) => size + paddings[i]![0] + paddings[i]![1]);
    const handle = backend.addon.MirrorPad(backend.handleOf(x), paddings.flat(), symmetric);
    return backend.adopt(handle, shape, x.dtype);
  },
};
