import type { TorchKernel } from '../kernel.ts';
import { readProduct } from '../product.ts';

/** [..., M, K] @ [..., K, N]; the batches broadcast. */
export const batchMatMul: TorchKernel = {
  kernelName: 'BatchMatMul',
  run: ({ inputs, attrs, backend }) => {
    const [a, b] = [inputs.a!, inputs.b!];
    const { transposeA, transposeB, shape } = readProduct(a, b, attrs);
    const handle = backend.addon.BatchMatMul(
      backend.handleOf(a),
      backend.handleOf(b),
      transposeA,
      transposeB,
    );
    return backend.adopt(handle, shape, a.dtype);
  },
};
