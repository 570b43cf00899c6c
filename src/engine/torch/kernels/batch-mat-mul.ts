import type { TorchKernel } from '../kernel.ts';
import { multiplyMatrices } from '../product.ts';

/** [..., M, K] @ [..., K, N]; the batches broadcast. */
export const batchMatMul: TorchKernel = {
  kernelName: 'BatchMatMul',
  run: (call) => {
    const { handle, shape } = multiplyMatrices(call);
    return call.backend.adopt(handle, shape, call.inputs.a!.dtype);
  },
};
