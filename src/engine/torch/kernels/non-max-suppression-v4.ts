import { suppressionKernel } from '../suppression.ts';

export const nonMaxSuppressionV4 = suppressionKernel('NonMaxSuppressionV4');
