import { suppressionKernel } from '../suppression.ts';

export const nonMaxSuppressionV5 = suppressionKernel('NonMaxSuppressionV5');
