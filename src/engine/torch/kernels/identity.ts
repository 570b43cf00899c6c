import type { TorchKernel } from '../kernel.ts';

/** Shares the data: tfjs never writes into it. */
export const identity: TorchKernel = {
  kernelName: 'Identity',
  run: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x!;
    backend.incRef(dataId);
    return { dataId, shape, dtype };
  },
};
