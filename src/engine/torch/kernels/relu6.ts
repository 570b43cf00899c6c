import { unaryKernel } from '../kernel.ts';

export const relu6 = unaryKernel('Relu6');
