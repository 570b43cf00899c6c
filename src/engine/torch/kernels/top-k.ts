import type { TorchKernel } from '../kernel.ts';

/** The k largest of the last axis, always sorted, and their places. */
export const topK: TorchKernel = {
  kernelName: 'TopK',
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { k } = attrs as { k: number };
    const size = x.shape.at(-1)!;
    if (k < 0 || k > size) throw new Error(`k must be in [0, ${size}], but is ${k}`);
    const shape = [...x.shape.slice(0, -1), k];
    const [values, places] = backend.addon.TopK(backend.handleOf(x), k);
    return [backend.adopt(values, shape, x.dtype), backend.adopt(places, shape, 'int32')];
  },
};
