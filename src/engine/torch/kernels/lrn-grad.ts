import { expectTensor, expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

export const lrnGrad: TorchKernel = {
  kernelName: 'LRNGrad',
  run: ({ inputs, attrs, backend }) => {
    expectWhole('the number of channels', inputs.x!.shape[3], 1);
    const { depthRadius, bias, alpha, beta } = attrs as Record<
      'depthRadius' | 'bias' | 'alpha' | 'beta',
      number
    >;
    for (const name of ['dy', 'y']) expectTensor(name, inputs[name]!, inputs.x!.shape);
    const [dy, x, y] = [inputs.dy!, inputs.x!, inputs.y!].map((tensor) => backend.handleOf(tensor)) as [
      number,
      number,
      number,
    ];
    return backend.adopt(backend.addon.LRNGrad(dy, x, y, depthRadius, bias, alpha, beta), inputs.x!.shape);
  },
};
