// What the engine benchmark trains: whole MoCo v2 steps as the recipes have them.

import type { ModelConfig } from '../../src/config/schema/recipe.generated.ts';

/** One network at one size. */
export interface BenchCase {
  readonly name: string;
  readonly title: string;
  readonly arch: 'resnet18' | 'resnet50';
  readonly stem: ModelConfig['stem'];
  /** Side of the images in pixels. */
  readonly size: number;
  readonly batch: number;
  /** Keys in the queue. */
  readonly queueSize: number;
  /** Steps between two changes of contender. */
  readonly stepsARound: number;
}

export const cases: readonly BenchCase[] = [
  {
    name: 'r18-224',
    title: 'ResNet-18, 224², batch 32',
    arch: 'resnet18',
    stem: 'imagenet',
    size: 224,
    batch: 32,
    queueSize: 65536,
    stepsARound: 2,
  },
  {
    name: 'r18-32',
    title: 'ResNet-18, 32², batch 128',
    arch: 'resnet18',
    stem: 'imagenet',
    size: 32,
    batch: 128,
    queueSize: 4096,
    stepsARound: 10,
  },
  {
    name: 'r18-32-cifar',
    title: 'ResNet-18, 3x3 stem, 32², batch 128',
    arch: 'resnet18',
    stem: 'cifar',
    size: 32,
    batch: 128,
    queueSize: 4096,
    stepsARound: 2,
  },
  {
    name: 'r50-224',
    title: 'ResNet-50, 224², batch 16',
    arch: 'resnet50',
    stem: 'imagenet',
    size: 224,
    batch: 16,
    queueSize: 65536,
    stepsARound: 1,
  },
];
