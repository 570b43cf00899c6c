import { expectTensor } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';
import { isIdentityPool, placePool } from '../window.ts';
import { identity } from './identity.ts';

/** The largest of each window; NaN is passed over, as tfjs wants it. Padding never wins. */
export const maxPool: TorchKernel = {
  kernelName: 'MaxPool',
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const x = inputs.x!;
    expectTensor('x', x, undefined, ['float32', 'int32']);
    const window = placePool(x.shape, attrs);
    if (isIdentityPool(window, x.shape)) return identity.run(call);
    const handle = backend.addon.MaxPool(backend.handleOf(x), window.pack());
    return backend.adopt(handle, window.shapeOf(window.channels), x.dtype);
  },
};
