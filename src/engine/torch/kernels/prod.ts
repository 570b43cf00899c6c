import { reductionKernel } from '../kernel.ts';

/** Booleans are multiplied as integers. */
export const prod = reductionKernel('Prod', (dtype) => (dtype === 'bool' ? 'int32' : dtype));
