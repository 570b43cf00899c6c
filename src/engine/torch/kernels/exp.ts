import { unaryKernel } from '../kernel.ts';

/** Of integers too a float. */
export const exp = unaryKernel('Exp', 'float32');
