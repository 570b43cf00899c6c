import type { TorchKernel } from '../kernel.ts';

/** Float32 whatever type is asked for elsewhere: tfjs casts afterwards. */
export const oneHot: TorchKernel = {
  kernelName: 'OneHot',
  run: ({ inputs, attrs, backend }) => {
    const indices = inputs.indices!;
    const {
      depth,
      onValue = 1,
      offValue = 0,
    } = attrs as {
      depth: number;
      onValue?: number;
      offValue?: number;
    };
    const handle = backend.addon.OneHot(backend.handleOf(indices), depth, onValue, offValue);
    return backend.adopt(handle, [...indices.shape, depth], 'float32');
  },
};
