// Counts what a ResNet holds, from its config alone: torchvision's layers, any width and stem.
// Checked against torchvision's published parameter counts.

import type { Arch, ModelConfig } from '../config/schema/recipe.generated.ts';

/** Numbers that a network keeps: learned ones, and BatchNorm's running mean and variance. */
export interface ModelSize {
  readonly parameters: number;
  readonly statistics: number;
}

interface Layout {
  /** Blocks in each of the four stages. */
  readonly blocks: readonly number[];
  /** Channels out of a block over its planes; 1 is a basic block, 4 a bottleneck. */
  readonly expansion: 1 | 4;
  readonly groups?: number;
  /** Width of a bottleneck's 3x3 convolution per group, of 64 planes. */
  readonly widthPerGroup?: number;
}

const LAYOUTS: { readonly [Name in Arch]: Layout } = {
  resnet18: { blocks: [2, 2, 2, 2], expansion: 1 },
  resnet34: { blocks: [3, 4, 6, 3], expansion: 1 },
  resnet50: { blocks: [3, 4, 6, 3], expansion: 4 },
  resnet101: { blocks: [3, 4, 23, 3], expansion: 4 },
  resnet152: { blocks: [3, 8, 36, 3], expansion: 4 },
  wide_resnet50_2: { blocks: [3, 4, 6, 3], expansion: 4, widthPerGroup: 128 },
  resnext50_32x4d: { blocks: [3, 4, 6, 3], expansion: 4, groups: 32, widthPerGroup: 4 },
};

/** Counts a ResNet without its last layer (fc). */
export function countBackbone(model: ModelConfig): ModelSize {
  const layout = LAYOUTS[model.arch];
  const stem = countConvBn(model.stem === 'imagenet' ? 7 : 3, 3, model.width);
  const sizes = [stem];
  let channels = model.width;
  layout.blocks.forEach((count, stage) => {
    const planes = model.width * 2 ** stage;
    for (let block = 0; block < count; block++) {
      sizes.push(countBlock(layout, channels, planes));
      if (block === 0 && (stage > 0 || channels !== planes * layout.expansion)) {
        sizes.push(countConvBn(1, channels, planes * layout.expansion));
      }
      channels = planes * layout.expansion;
    }
  });
  return addSizes(sizes);
}

/** Channels that a ResNet's pooled features have. */
export function countFeatures({ arch, width }: ModelConfig): number {
  return width * 8 * LAYOUTS[arch].expansion;
}

/** Counts a linear layer with bias. */
export function countLinear(inputs: number, outputs: number): number {
  return (inputs + 1) * outputs;
}

function countBlock({ expansion, groups = 1, widthPerGroup = 64 }: Layout, channels: number, planes: number) {
  if (expansion === 1) return addSizes([countConvBn(3, channels, planes), countConvBn(3, planes, planes)]);
  const inner = Math.floor((planes * widthPerGroup) / 64) * groups;
  return addSizes([
    countConvBn(1, channels, inner),
    countConvBn(3, inner, inner, groups),
    countConvBn(1, inner, planes * expansion),
  ]);
}

/** A convolution without bias and the BatchNorm behind it. */
function countConvBn(kernel: number, inputs: number, outputs: number, groups = 1): ModelSize {
  return {
    parameters: (kernel * kernel * inputs * outputs) / groups + 2 * outputs,
    statistics: 2 * outputs,
  };
}

function addSizes(sizes: readonly ModelSize[]): ModelSize {
  return {
    parameters: sizes.reduce((sum, size) => sum + size.parameters, 0),
    statistics: sizes.reduce((sum, size) => sum + size.statistics, 0),
  };
}
