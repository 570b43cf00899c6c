import { binaryKernel } from '../kernel.ts';

export const bitwiseAnd = binaryKernel('BitwiseAnd');
