// The ResNets that torchvision names, as data: He et al. 2016 (arXiv:1512.03385), wide ResNet
// (arXiv:1605.07146) and ResNeXt (arXiv:1611.05431).

export interface ResNetArch {
  /** A basic block's output has as many channels as it has planes, a bottleneck's four times as many. */
  readonly block: 'basic' | 'bottleneck';
  /** Blocks a stage. */
  readonly depths: readonly [number, number, number, number];
  readonly groups: number;
  /** Channels of a group where a stage has 64, as torchvision's `width_per_group`. */
  readonly widthPerGroup: number;
}

const define = (
  block: ResNetArch['block'],
  depths: ResNetArch['depths'],
  { groups = 1, widthPerGroup = 64 }: Partial<ResNetArch> = {},
): ResNetArch => ({ block, depths, groups, widthPerGroup });

export const resnetArchs = {
  resnet18: define('basic', [2, 2, 2, 2]),
  resnet34: define('basic', [3, 4, 6, 3]),
  resnet50: define('bottleneck', [3, 4, 6, 3]),
  resnet101: define('bottleneck', [3, 4, 23, 3]),
  resnet152: define('bottleneck', [3, 8, 36, 3]),
  wide_resnet50_2: define('bottleneck', [3, 4, 6, 3], { widthPerGroup: 128 }),
  resnext50_32x4d: define('bottleneck', [3, 4, 6, 3], { groups: 32, widthPerGroup: 4 }),
};
