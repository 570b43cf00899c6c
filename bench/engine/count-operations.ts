// How much a MoCo step has to compute in convolutions, whoever computes it: taps over padding count for nothing.

import { type ConvSpec, describeResNet } from '../../src/model/resnet-spec.ts';
import type { BenchCase } from './cases.ts';

/** Additions and multiplications of the convolutions of a step: two forward passes, one backward. */
export function countStepOperations({ arch, stem, size, batch }: BenchCase): number {
  const resnet = describeResNet({ arch, stem, width: 64, bn: 'plain' });
  let total = 3 * countPass(resnet.stem, size, batch); // Nobody asks for the gradient of the pictures.
  let side = sizeAfter(resnet.stem, size);
  if (resnet.maxPool) side = Math.ceil(side / 2);
  for (const { convs, downsample } of resnet.blocks) {
    if (downsample) total += 4 * countPass(downsample, side, batch);
    for (const conv of convs) {
      total += 4 * countPass(conv, side, batch);
      side = sizeAfter(conv, side);
    }
  }
  return total;
}

function countPass(conv: ConvSpec, size: number, batch: number): number {
  return 2 * batch * countTaps(conv, size) ** 2 * (conv.inputs / conv.groups) * conv.outputs;
}

/** Along one axis: taps that meet a pixel, over all places of the window. */
function countTaps({ kernel, stride, padding }: ConvSpec, size: number): number {
  let taps = 0;
  for (let start = -padding; start + kernel <= size + padding; start += stride)
    taps += Math.min(start + kernel, size) - Math.max(start, 0);
  return taps;
}

function sizeAfter({ kernel, stride, padding }: ConvSpec, size: number): number {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}
