import { dtypeNumber } from '../binding.ts';
import type { TorchKernel } from '../kernel.ts';

export const range: TorchKernel = {
  kernelName: 'Range',
  run: ({ attrs, backend }) => {
    const {
      start,
      stop,
      step,
      dtype = 'float32',
    } = attrs as { start: number; stop: number; step: number; dtype?: 'float32' | 'int32' };
    // As tfjs: a step the wrong way gives nothing, but the one that nobody chose turns around.
    const turned = start > stop && step === 1 ? -1 : step;
    for (const each of [start, stop, step]) if (!Number.isFinite(each)) throw new Error('a range is finite');
    if (step === 0) throw new Error('the step is 0');
    const count = Math.max(0, Math.ceil((stop - start) / turned));
    return backend.adopt(backend.addon.Range(start, turned, count, dtypeNumber(dtype)), [count], dtype);
  },
};
