import type { TorchKernel } from '../kernel.ts';

export const padV2: TorchKernel = {
  kernelName: 'PadV2',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { paddings, constantValue = 0 } = attrs as { paddings: [number, number][]; constantValue?: number };
    if (paddings.length !== x.shape.length) throw new Error('there is not one padding for each axis');
    const shape = x.shape.map((size, i) => size + paddings[i]![0] + paddings[i]![1]);
    return backend.adopt(
      backend.addon.PadV2(backend.handleOf(x), paddings.flat(), constantValue),
      shape,
      x.dtype,
    );
  },
};
