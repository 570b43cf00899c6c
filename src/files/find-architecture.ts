// Reads a ResNet's architecture off the shapes of its tensors, by torchvision's names.

import { type ResNetArch, resnetArchs } from '../core/resnet-archs.ts';

export interface FoundArchitecture {
  /** torchvision's name; undefined where the blocks are those of none. */
  readonly arch: string | undefined;
  readonly block: ResNetArch['block'];
  /** Blocks a stage. */
  readonly depths: readonly number[];
  /** imagenet: 7x7 convolution; cifar: 3x3. */
  readonly stem: 'imagenet' | 'cifar';
  /** Channels of the first stage. */
  readonly width: number;
  /** Size of the pooled features. */
  readonly featureDim: number;
  readonly head: FoundHead | undefined;
}

/** What `fc` is: a linear layer, or two with a ReLU between. */
export interface FoundHead {
  readonly kind: 'linear' | 'mlp';
  /** Sizes from the features to the output. */
  readonly sizes: readonly number[];
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Undefined where the tensors are not those of a ResNet. Shapes are PyTorch's, by torchvision's names. */
export function findArchitecture(shapes: Shapes): FoundArchitecture | undefined {
  const stem = shapes.get('conv1.weight');
  const first = shapes.get('layer1.0.conv1.weight');
  const inner = shapes.get('layer1.0.conv2.weight');
  if (stem?.length !== 4 || first?.length !== 4 || inner?.length !== 4) return undefined;
  const depths = [1, 2, 3, 4].map((stage) => countBlocks(shapes, stage));
  const block = shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const width = stem[0]!;
  const last = shapes.get(`layer4.${depths[3]! - 1}.conv${block === 'basic' ? 2 : 3}.weight`);
  if (!last || width === 0) return undefined;
  return {
    arch: nameArch({ block, depths, width, inner: inner[0]!, perGroup: inner[1]! }),
    block,
    depths,
    stem: stem[2] === 7 ? 'imagenet' : 'cifar',
    width,
    featureDim: last[0]!,
    head: findHead(shapes),
  };
}

function countBlocks(shapes: Shapes, stage: number): number {
  let count = 0;
  while (shapes.has(`layer${stage}.${count}.conv1.weight`)) count++;
  return count;
}

interface Blocks {
  readonly block: ResNetArch['block'];
  readonly depths: readonly number[];
  readonly width: number;
  /** Channels inside the first block, and how many of them a filter of its 3x3 convolution sees. */
  readonly inner: number;
  readonly perGroup: number;
}

function nameArch({ block, depths, width, inner, perGroup }: Blocks): string | undefined {
  return Object.entries(resnetArchs).find(([, arch]) => {
    const expected = block === 'basic' ? width : Math.floor((width * arch.widthPerGroup) / 64) * arch.groups;
    const isSame = arch.block === block && arch.depths.join() === depths.join();
    return isSame && inner === expected && inner === perGroup * arch.groups;
  })?.[0];
}

function findHead(shapes: Shapes): FoundHead | undefined {
  const linear = shapes.get('fc.weight');
  if (linear?.length === 2) return { kind: 'linear', sizes: linear.toReversed() };
  const [hidden, last] = [shapes.get('fc.0.weight'), shapes.get('fc.2.weight')];
  if (hidden?.length !== 2 || last?.length !== 2) return undefined;
  return { kind: 'mlp', sizes: [hidden[1]!, hidden[0]!, last[0]!] };
}
