import type { TorchKernel } from '../kernel.ts';

export const lrnGrad: TorchKernel = {
  kernelName: 'LRNGrad',
  run: ({ inputs, attrs, backend }) => {
    const { depthRadius, bias, alpha, beta } = attrs as Record<
      'depthRadius' | 'bias' | 'alpha' | 'beta',
      number
    >;
    const [dy, x, y] = [inputs.dy!, inputs.x!, inputs.y!].map((tensor) => backend.handleOf(tensor)) as [
      number,
      number,
      number,
    ];
    return backend.adopt(backend.addon.LRNGrad(dy, x, y, depthRadius, bias, alpha, beta), inputs.x!.shape);
  },
};
