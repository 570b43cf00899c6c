import type { TorchKernel } from '../kernel.ts';

export const expandDims: TorchKernel = {
  kernelName: 'ExpandDims',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.input!;
    const { dim } = attrs as { dim: number };
    const rank = x.shape.length;
    if (dim < -(rank + 1) || dim > rank)
      throw new Error(`the axis must be in [${-(rank + 1)}, ${rank}], but is ${dim}`);
    const at = dim < 0 ? rank + 1 + dim : dim;
    const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
    return backend.adopt(backend.addon.Reshape(backend.handleOf(x), shape), shape, x.dtype);
  },
};
