import { applyBiasAndActivation } from '../activation.ts';
import type { TorchKernel } from '../kernel.ts';
import { multiplyMatrices } from '../product.ts';

/** A product, then bias and activation. */
export const fusedMatMul: TorchKernel = {
  kernelName: '_FusedMatMul',
  run: (call) => {
    const { handle, shape } = multiplyMatrices(call);
    return call.backend.adopt(applyBiasAndActivation(call, handle, shape), shape, call.inputs.a!.dtype);
  },
};
