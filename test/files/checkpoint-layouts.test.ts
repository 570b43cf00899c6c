import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import { resnetArchs } from '../../src/core/resnet-archs.ts';
import { findLayout, type LayoutName } from '../../src/files/checkpoint-layouts.ts';
import { findArchitecture } from '../../src/files/find-architecture.ts';
import { listState } from '../../src/model/parameter-list.ts';

const resnet18 = { arch: 'resnet18', stem: 'imagenet', width: 64, bn: 'plain' } as const;
const backbone = listState(resnet18, undefined).map(({ name }) => name);
const withHead = listState(resnet18, { dim: 128, mlp: true }).map(({ name }) => name);

const under = (prefix: string, names: readonly string[] = backbone) => names.map((name) => prefix + name);

/** Names of nn.Sequential over torchvision's children: conv1, bn1, relu, maxpool, layer1 ... */
function numbered(prefix: string, children: readonly string[]): string[] {
  return backbone.map((name) => {
    const [child, ...rest] = name.split('.');
    return [prefix + children.indexOf(child!), ...rest].join('.');
  });
}

const TORCHVISION = ['conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4'];
const LIGHTLY = ['conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'layer4'];

function detectron(name: string): string {
  const dotted = name.startsWith('layer') ? name : `stem.${name}`;
  return dotted
    .replace(/layer(\d)/, (_, stage) => `res${Number(stage) + 1}`)
    .replace(/bn(\d)/, 'conv$1.norm')
    .replace('downsample.0', 'shortcut')
    .replace('downsample.1', 'shortcut.norm');
}

describe('the encoder is found under the names of each project', () => {
  const cases: [string, LayoutName, string, readonly string[], readonly string[]][] = [
    [
      'MoCo',
      'facebookresearch/moco',
      'module.encoder_q.',
      [...under('module.encoder_q.'), ...under('module.encoder_k.'), 'module.queue'],
      ['epoch', 'state_dict'],
    ],
    [
      'MoCo without DistributedDataParallel',
      'facebookresearch/moco',
      'encoder_q.',
      [...under('encoder_q.'), ...under('encoder_k.')],
      [],
    ],
    [
      'MoCo v3',
      'facebookresearch/moco-v3',
      'module.base_encoder.',
      [...under('module.base_encoder.'), ...under('module.momentum_encoder.')],
      [],
    ],
    [
      'ours',
      'mocolab',
      'module.encoder_q.',
      [...under('module.encoder_q.'), 'module.queue'],
      ['epoch', 'mocolab'],
    ],
    ['our classifier', 'mocolab', 'module.', under('module.'), ['mocolab']],
    ['torchvision', 'torchvision', '', backbone, []],
    ['torchvision under DistributedDataParallel', 'torchvision', 'module.', under('module.'), ['state_dict']],
    ['MMSelfSup by its meta', 'MMSelfSup', 'backbone.', under('backbone.'), ['meta', 'state_dict']],
    [
      'MMSelfSup by its neck',
      'MMSelfSup',
      'backbone.',
      [...under('backbone.'), 'neck.mlp.0.weight'],
      ['state_dict'],
    ],
    ['MMSelfSup, the extracted backbone', 'MMSelfSup', '', backbone, ['meta', 'state_dict']],
    [
      'MMSelfSup, the whole MoCo',
      'MMSelfSup',
      'encoder_q.0.',
      [...under('encoder_q.0.'), ...under('encoder_k.0.')],
      [],
    ],
    ['VISSL', 'VISSL', '_feature_blocks.', under('_feature_blocks.'), ['classy_state_dict']],
    [
      'lightly over torchvision',
      'lightly',
      'backbone.',
      numbered('backbone.', TORCHVISION),
      ['pytorch-lightning_version'],
    ],
    ["lightly's own ResNet", 'lightly', 'backbone.', numbered('backbone.', LIGHTLY), []],
    [
      'solo-learn',
      'solo-learn',
      'backbone.',
      [...under('backbone.'), ...under('momentum_backbone.'), 'projector.0.weight'],
      [],
    ],
    ['solo-learn of old', 'solo-learn', 'encoder.', under('encoder.'), []],
    ['Detectron2', 'Detectron2', '', backbone.map(detectron), ['model', 'matching_heuristics']],
  ];
  test.each(cases)('%s', (_, layout, prefix, names, beside) => {
    const found = findLayout(names, beside)!;
    expect([found.layout, found.prefix]).toEqual([layout, prefix]);
    expect([...found.names.values()]).toEqual(backbone);
    expect([...found.names.keys()]).toEqual(names.filter((name) => found.names.has(name)));
  });

  test('with its head', () => {
    const found = findLayout(under('module.encoder_q.', withHead))!;
    expect([...found.names.values()]).toEqual(withHead);
  });

  test('or not, where there is none', () => {
    expect(findLayout(['vit.patch_embed.weight', 'backbone.other'])).toBeUndefined();
    expect(findLayout([])).toBeUndefined();
  });
});

describe('the architecture is read off the shapes', () => {
  const shapesOf = (model: ModelConfig, head?: { dim: number; mlp: boolean }) =>
    new Map(listState(model, head).map(({ name, torchShape }) => [name, torchShape]));
  const models = (Object.keys(resnetArchs) as ModelConfig['arch'][]).flatMap((arch) =>
    (
      [
        ['imagenet', 64],
        ['cifar', 16],
      ] as const
    ).map(([stem, width]): ModelConfig => ({ arch, stem, width, bn: 'plain' })),
  );

  test.each(models)('$arch, stem $stem, width $width', (model) => {
    const { arch, stem, width } = model;
    expect(findArchitecture(shapesOf(model))).toMatchObject({ arch, stem, width, head: undefined });
  });

  test('with a linear head and with one of two layers', () => {
    expect(findArchitecture(shapesOf(resnet18, { dim: 128, mlp: false }))?.head).toEqual({
      kind: 'linear',
      sizes: [512, 128],
    });
    expect(findArchitecture(shapesOf(resnet18, { dim: 64, mlp: true }))?.head).toEqual({
      kind: 'mlp',
      sizes: [512, 512, 64],
    });
  });

  test('a ResNet without a name has its blocks', () => {
    const shapes = shapesOf(resnet18);
    for (const [name, shape] of [...shapes])
      if (name.startsWith('layer4.1.')) shapes.set(name.replace('4.1', '4.2'), shape);
    expect(findArchitecture(shapes)).toMatchObject({ arch: undefined, block: 'basic', depths: [2, 2, 2, 3] });
  });

  test('another network is none', () => {
    expect(findArchitecture(new Map([['conv1.weight', [64, 3, 7, 7]]]))).toBeUndefined();
  });
});
