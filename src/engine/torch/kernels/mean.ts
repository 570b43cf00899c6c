import { reductionKernel } from '../kernel.ts';

export const mean = reductionKernel('Mean', () => 'float32');
