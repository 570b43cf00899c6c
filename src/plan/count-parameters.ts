// Counts what a ResNet holds, from its config alone: torchvision's layers, any width and stem.
// Checked against torchvision's published parameter counts.

import type { ModelConfig } from '../config/schema/recipe.generated.ts';
import { type ResNetArch, resnetArchs } from '../core/resnet-archs.ts';

/** Numbers that a network keeps: learned ones, and BatchNorm's running mean and variance; and in how many tensors. */
export interface ModelSize {
  readonly parameters: number;
  readonly statistics: number;
  readonly tensors: number;
}

/** Counts a ResNet without its last layer (fc). */
export function countBackbone(model: ModelConfig): ModelSize {
  const spec = resnetArchs[model.arch];
  const expansion = expansionOf(spec);
  const stem = countConvBn(model.stem === 'imagenet' ? 7 : 3, 3, model.width);
  const sizes = [stem];
  let channels = model.width;
  spec.depths.forEach((count, stage) => {
    const planes = model.width * 2 ** stage;
    for (let block = 0; block < count; block++) {
      sizes.push(countBlock(spec, channels, planes));
      if (block === 0 && (stage > 0 || channels !== planes * expansion)) {
        sizes.push(countConvBn(1, channels, planes * expansion));
      }
      channels = planes * expansion;
    }
  });
  return addSizes(sizes);
}

/** Channels that a ResNet's pooled features have. */
export function countFeatures({ arch, width }: ModelConfig): number {
  return width * 8 * expansionOf(resnetArchs[arch]);
}

/** Counts a linear layer with bias. */
export function countLinear(inputs: number, outputs: number): number {
  return (inputs + 1) * outputs;
}

/** Channels out of a block over its planes. */
function expansionOf({ block }: ResNetArch): number {
  return block === 'basic' ? 1 : 4;
}

function countBlock(spec: ResNetArch, channels: number, planes: number) {
  const { block, groups, widthPerGroup } = spec;
  if (block === 'basic') return addSizes([countConvBn(3, channels, planes), countConvBn(3, planes, planes)]);
  const inner = Math.floor((planes * widthPerGroup) / 64) * groups;
  return addSizes([
    countConvBn(1, channels, inner),
    countConvBn(3, inner, inner, groups),
    countConvBn(1, inner, planes * expansionOf(spec)),
  ]);
}

/** A convolution without bias and the BatchNorm behind it. */
function countConvBn(kernel: number, inputs: number, outputs: number, groups = 1): ModelSize {
  return {
    parameters: (kernel * kernel * inputs * outputs) / groups + 2 * outputs,
    statistics: 2 * outputs,
    tensors: 6,
  };
}

function addSizes(sizes: readonly ModelSize[]): ModelSize {
  return {
    parameters: sizes.reduce((sum, size) => sum + size.parameters, 0),
    statistics: sizes.reduce((sum, size) => sum + size.statistics, 0),
    tensors: sizes.reduce((sum, size) => sum + size.tensors, 0),
  };
}
