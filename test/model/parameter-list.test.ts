// The networks' tensors against torchvision's: counts of parameters, names, shapes, start values.

import { expect, test } from 'vitest';
import type { ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import { listState } from '../../src/model/parameter-list.ts';
import { drawStartValues } from '../../src/model/start-values.ts';

const model = (arch: ModelConfig['arch'], changes: Partial<ModelConfig> = {}): ModelConfig => ({
  arch,
  stem: 'imagenet',
  width: 64,
  bn: 'plain',
  ...changes,
});
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

// Numbers of parameters that torchvision documents for its weights, fc [1000] included.
test.each([
  ['resnet18', 11_689_512, 512],
  ['resnet34', 21_797_672, 512],
  ['resnet50', 25_557_032, 2048],
  ['resnet101', 44_549_160, 2048],
  ['resnet152', 60_192_808, 2048],
  ['wide_resnet50_2', 68_883_240, 2048],
  ['resnext50_32x4d', 25_028_904, 2048],
] as const)('%s has as many parameters as torchvision’s', (arch, total, features) => {
  const parameters = listState(model(arch), undefined).filter(({ role }) => role === 'parameter');
  const count = parameters.reduce((sum, { torchShape }) => sum + sizeOf(torchShape), 0);
  expect(count).toBe(total - 1000 * (features + 1));
});

test('names and shapes are torchvision’s, in its order', () => {
  const shapes = listState(model('resnet50'), { dim: 128, mlp: true }).map(
    ({ name, torchShape }) => `${name} [${torchShape}]`,
  );
  expect(shapes.slice(0, 7)).toEqual([
    'conv1.weight [64,3,7,7]',
    'bn1.weight [64]',
    'bn1.bias [64]',
    'bn1.running_mean [64]',
    'bn1.running_var [64]',
    'bn1.num_batches_tracked []',
    'layer1.0.conv1.weight [64,64,1,1]',
  ]);
  expect(shapes).toContain('layer2.0.downsample.0.weight [512,256,1,1]');
  expect(shapes).toContain('layer2.0.conv2.weight [128,128,3,3]');
  expect(shapes.slice(-4)).toEqual([
    'fc.0.weight [2048,2048]',
    'fc.0.bias [2048]',
    'fc.2.weight [128,2048]',
    'fc.2.bias [128]',
  ]);
  expect(shapes).toHaveLength(318 + 4);
});

test('the CIFAR stem is a 3x3 convolution', () => {
  const [stem] = listState(model('resnet18', { stem: 'cifar' }), undefined);
  expect(stem).toMatchObject({ name: 'conv1.weight', torchShape: [64, 3, 3, 3] });
});

test('start values have the laws of torchvision and of nn.Linear', () => {
  const entries = listState(model('resnet18'), { dim: 128, mlp: true });
  const values = drawStartValues(entries, 3);
  const numbers = (name: string) => values.get(name)!.values as Float32Array;
  const std = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
  // kaiming_normal_(mode='fan_out', nonlinearity='relu')
  expect(std(numbers('layer4.1.conv2.weight'))).toBeCloseTo(Math.sqrt(2 / (512 * 9)), 4);
  // U(-1/sqrt(fan_in), 1/sqrt(fan_in))
  const bound = 1 / Math.sqrt(512);
  expect(Math.max(...numbers('fc.2.weight').map(Math.abs))).toBeLessThanOrEqual(bound);
  expect(std(numbers('fc.2.weight'))).toBeCloseTo(bound / Math.sqrt(3), 3);
  expect(new Set(numbers('bn1.weight'))).toEqual(new Set([1]));
  expect(new Set(numbers('bn1.running_var'))).toEqual(new Set([1]));
});

test('a backbone starts the same whatever head is on it', () => {
  const [bare, headed] = [undefined, { dim: 64, mlp: true }].map((head) =>
    drawStartValues(listState(model('resnet18'), head), 5).get('layer3.0.conv1.weight'),
  );
  expect(headed).toEqual(bare);
});
