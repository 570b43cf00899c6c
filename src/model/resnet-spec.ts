// ResNets as data: which parameters there are, by torchvision's names and in its order, and how the
// blocks are chained. The stride of a bottleneck is in its 3x3, as torchvision's.

import type { ModelConfig } from '../config/schema/recipe.generated.ts';
import { type ResNetArch, resnetArchs } from '../core/resnet-archs.ts';

/** One convolution with the BatchNorm behind it. */
export interface ConvSpec {
  /** Name of the convolution, e.g. `layer1.0.conv1`. */
  readonly name: string;
  /** Name of its BatchNorm, e.g. `layer1.0.bn1`. */
  readonly norm: string;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** A residual block: its convolutions in order, and the one on the shortcut where shapes differ. */
export interface BlockSpec {
  readonly convs: readonly ConvSpec[];
  readonly downsample: ConvSpec | undefined;
}

/** A whole backbone, without fc. */
export interface ResNetSpec {
  readonly stem: ConvSpec;
  /** Max-pooling 3x3, stride 2, behind the stem. The CIFAR stem has none. */
  readonly maxPool: boolean;
  readonly blocks: readonly BlockSpec[];
  /** Channels of the pooled features. */
  readonly featureDim: number;
}

/** Describes the backbone of a model. */
export function describeResNet({ arch, stem, width }: ModelConfig): ResNetSpec {
  const spec: ResNetArch = resnetArchs[arch];
  const blocks: BlockSpec[] = [];
  let inputs = width;
  spec.depths.forEach((depth, stage) => {
    for (let i = 0; i < depth; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const block = describeBlock(spec, {
        name: `layer${stage + 1}.${i}`,
        inputs,
        planes: width << stage,
        stride,
      });
      blocks.push(block);
      inputs = block.convs.at(-1)!.outputs;
    }
  });
  const imagenet = stem === 'imagenet';
  return {
    stem: {
      name: 'conv1',
      norm: 'bn1',
      kernel: imagenet ? 7 : 3,
      stride: imagenet ? 2 : 1,
      padding: imagenet ? 3 : 1,
      groups: 1,
      inputs: 3,
      outputs: width,
    },
    maxPool: imagenet,
    blocks,
    featureDim: inputs,
  };
}

interface BlockPlace {
  readonly name: string;
  readonly inputs: number;
  readonly planes: number;
  readonly stride: number;
}

function describeBlock(spec: ResNetArch, place: BlockPlace): BlockSpec {
  const { name, inputs, stride } = place;
  const convs = spec.block === 'basic' ? basicConvs(place) : bottleneckConvs(spec, place);
  const outputs = convs.at(-1)!.outputs;
  if (stride === 1 && inputs === outputs) return { convs, downsample: undefined };
  const names = { name: `${name}.downsample.0`, norm: `${name}.downsample.1` };
  return { convs, downsample: { ...conv({ name, index: 0, kernel: 1, stride, inputs, outputs }), ...names } };
}

function basicConvs({ name, inputs, planes, stride }: BlockPlace): ConvSpec[] {
  return [
    conv({ name, index: 1, kernel: 3, stride, inputs, outputs: planes }),
    conv({ name, index: 2, kernel: 3, stride: 1, inputs: planes, outputs: planes }),
  ];
}

function bottleneckConvs(spec: ResNetArch, { name, inputs, planes, stride }: BlockPlace): ConvSpec[] {
  const inner = Math.floor((planes * spec.widthPerGroup) / 64) * spec.groups;
  return [
    conv({ name, index: 1, kernel: 1, stride: 1, inputs, outputs: inner }),
    { ...conv({ name, index: 2, kernel: 3, stride, inputs: inner, outputs: inner }), groups: spec.groups },
    conv({ name, index: 3, kernel: 1, stride: 1, inputs: inner, outputs: planes * 4 }),
  ];
}

function conv(given: {
  name: string;
  index: number;
  kernel: number;
  stride: number;
  inputs: number;
  outputs: number;
}): ConvSpec {
  const { name, index, kernel, stride, inputs, outputs } = given;
  return {
    name: `${name}.conv${index}`,
    norm: `${name}.bn${index}`,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    groups: 1,
    inputs,
    outputs,
  };
}
