import { util } from '@tensorflow/tfjs-core';
import { expectBroadcast, expectOneType } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** A condition of one axis chooses whole rows. */
export const select: TorchKernel = {
  kernelName: 'Select',
  run: ({ inputs, backend }) => {
    const [condition, t, e] = [inputs.condition!, inputs.t!, inputs.e!];
    util.assertShapesMatch(t.shape, e.shape, 't and e: ');
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    const asked = rows ? [condition.shape[0]!, ...t.shape.slice(1).map(() => 1)] : condition.shape;
    expectBroadcast(asked, t.shape);
    expectOneType([t, e]);
    const choice = backend.addon.Reshape(backend.handleOf(condition), asked);
    try {
      return backend.adopt(
        backend.addon.Select(choice, backend.handleOf(t), backend.handleOf(e)),
        t.shape,
        t.dtype,
      );
    } finally {
      backend.addon.drop(choice);
    }
  },
};
