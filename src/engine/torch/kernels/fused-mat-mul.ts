import { applyBiasAndActivation } from '../activation.ts';
import type { TorchKernel } from '../kernel.ts';
import { readProduct } from '../product.ts';

/** A product, then bias and activation. */
export const fusedMatMul: TorchKernel = {
  kernelName: '_FusedMatMul',
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const [a, b] = [inputs.a!, inputs.b!];
    const { transposeA, transposeB, shape } = readProduct(a, b, attrs);
    const product = backend.addon.BatchMatMul(
      backend.handleOf(a),
      backend.handleOf(b),
      transposeA,
      transposeB,
    );
    return backend.adopt(applyBiasAndActivation(call, product, shape), shape, a.dtype);
  },
};
