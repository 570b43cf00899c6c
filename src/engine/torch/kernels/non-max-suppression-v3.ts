import { suppressionKernel } from '../suppression.ts';

export const nonMaxSuppressionV3 = suppressionKernel('NonMaxSuppressionV3');
