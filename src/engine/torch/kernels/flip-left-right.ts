import type { TorchKernel } from '../kernel.ts';

/** Images [N, H, W, C], mirrored. */
export const flipLeftRight: TorchKernel = {
  kernelName: 'FlipLeftRight',
  run: ({ inputs, backend }) => {
    const { image } = inputs;
    return backend.adopt(backend.addon.Reverse(backend.handleOf(image!), [2]), image!.shape, image!.dtype);
  },
};
