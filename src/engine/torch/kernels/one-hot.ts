import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const oneHot: TorchKernel = {
  kernelName: 'OneHot',
  run: ({ inputs, attrs, backend }) => {
    const indices = inputs.indices!;
    const {
      depth,
      onValue = 1,
      offValue = 0,
      dtype = 'float32',
    } = attrs as { depth: number; onValue?: number; offValue?: number; dtype?: 'float32' | 'int32' | 'bool' };
    const type = dtypeNumber(dtype);
    const handle = backend.addon.OneHot(backend.handleOf(indices), depth, onValue, offValue, type);
    return backend.adopt(handle, [...indices.shape, depth], dtype);
  },
};
