import { backend_util, util } from '@tensorflow/tfjs-core';
import { expectOneType } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const concat: TorchKernel = {
  kernelName: 'Concat',
  run: ({ inputs, attrs, backend }) => {
    const parts = Object.values(inputs);
    const axis = util.parseAxisParam((attrs as { axis: number }).axis, parts[0]!.shape)[0]!;
    expectOneType(parts);
    const shapes = parts.map(({ shape }) => shape);
    backend_util.assertParamsConsistent(shapes, axis);
    const handles = parts.map((part) => backend.handleOf(part));
    const shape = backend_util.computeOutShape(shapes, axis);
    return backend.adopt(backend.addon.Concat(handles, axis), shape, parts[0]!.dtype);
  },
};
