import { reductionKernel } from '../kernel.ts';

export const min = reductionKernel('Min');
