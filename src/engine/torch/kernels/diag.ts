import type { TorchKernel } from '../kernel.ts';

/** x of any shape on the diagonal of zeros of twice its shape. */
export const diag: TorchKernel = {
  kernelName: 'Diag',
  run: ({ inputs, backend }) => {
    const x = inputs.x!;
    const shape = [...x.shape, ...x.shape];
    const matrix = backend.addon.Diag(backend.handleOf(x));
    try {
      return backend.adopt(backend.addon.Reshape(matrix, shape), shape, x.dtype);
    } finally {
      backend.addon.drop(matrix);
    }
  },
};
