import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';
import { isIdentityPool, placePool } from '../window.ts';
import { identity } from './identity.ts';

/** The mean of each window's pixels; padding does not count. */
export const avgPool: TorchKernel = {
  kernelName: 'AvgPool',
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const x = inputs.x!;
    expectTensor('x', x);
    const window = placePool(x.shape, attrs);
    if (isIdentityPool(window, x.shape)) return identity.run(call);
    const handle = backend.addon.AvgPool(backend.handleOf(x), window.pack());
    return backend.adopt(handle, window.shapeOf(window.channels));
  },
};
