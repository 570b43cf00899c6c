import { reductionKernel } from '../kernel.ts';

export const any = reductionKernel('Any', () => 'bool');
