import { util } from '@tensorflow/tfjs-core';
import { expectOneType, expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Tensors of one shape along a new axis. */
export const pack: TorchKernel = {
  kernelName: 'Pack',
  run: ({ inputs, attrs, backend }) => {
    const parts = Object.values(inputs);
    const { axis } = attrs as { axis: number };
    const { shape, dtype } = parts[0]!;
    expectOneType(parts);
    expectWhole('axis', axis, 0, shape.length);
    for (const part of parts)
      util.assertShapesMatch(part.shape, shape, 'all tensors of a stack have one shape: ');
    const handle = backend.addon.Pack(
      parts.map((part) => backend.handleOf(part)),
      axis,
    );
    return backend.adopt(handle, [...shape.slice(0, axis), parts.length, ...shape.slice(axis)], dtype);
  },
};
