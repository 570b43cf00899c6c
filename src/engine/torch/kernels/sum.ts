import { reductionKernel } from '../kernel.ts';

/** Booleans are counted. */
export const sum = reductionKernel('Sum', (dtype) => (dtype === 'bool' ? 'int32' : dtype));
