// The encoder is found in each project's layout, with and without wrappers; where it is not, the problem
// says what was seen.

import { expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/host-tensor.ts';
import { renderProblem } from '../../src/core/render-problem.ts';
import { refuseMismatch } from '../../src/model/encoder-state.ts';
import { listState } from '../../src/model/parameter-list.ts';
import { drawStartValues } from '../../src/model/start-values.ts';
import { findQueryEncoder } from '../../src/stages/encoder-tensors.ts';
import { refuseHead } from '../../src/stages/refuse-head.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const model = { arch: 'resnet18', stem: 'cifar', width: 4, bn: 'plain' } as const;
const entries = listState(model, undefined);
const backbone = drawStartValues(entries, 3);
const stranger: HostTensor = { dtype: 'float32', shape: [1], values: Float32Array.of(7) };

type Tensors = Map<string, HostTensor>;

/** The backbone under other names, and what else such a file holds. */
function rename(change: (name: string) => string, ...others: readonly string[]): Tensors {
  return new Map([
    ...[...backbone].map(([name, tensor]): [string, HostTensor] => [change(name), tensor]),
    ...others.map((name): [string, HostTensor] => [name, stranger]),
  ]);
}

const prefixed = (prefix: string) => (name: string) => prefix + name;

/** lightly's nn.Sequential of a torchvision ResNet's children, or of its own without pooling. */
const numbered = (first: number) => (name: string) =>
  name
    .replace(/^conv1\./, '0.')
    .replace(/^bn1\./, '1.')
    .replace(/^layer(\d)\./, (_, stage) => `${Number(stage) - 1 + first}.`);

test.each<[string, Tensors]>([
  ['torchvision', rename(prefixed(''))],
  ['torchvision, DataParallel', rename(prefixed('module.'))],
  [
    'facebookresearch/moco',
    rename(prefixed('module.encoder_q.'), 'module.encoder_k.conv1.weight', 'module.queue'),
  ],
  ['facebookresearch/moco, one process', rename(prefixed('encoder_q.'), 'encoder_k.conv1.weight', 'queue')],
  ['facebookresearch/moco, compiled', rename(prefixed('_orig_mod.module.encoder_q.'))],
  ['lightly', rename((name) => `backbone.${numbered(4)(name)}`, 'projection_head.layers.0.weight')],
  ['lightly, its own ResNet', rename((name) => `model.backbone.${numbered(2)(name)}`)],
  ['solo-learn', rename(prefixed('backbone.'), 'momentum_backbone.conv1.weight', 'queue')],
  ['solo-learn, older', rename(prefixed('encoder.'), 'projector.0.weight')],
  ['MMSelfSup', rename(prefixed('backbone.'), 'neck.mlp.0.weight', 'queue')],
  [
    'MMSelfSup, old',
    rename(prefixed('encoder_q.0.'), 'encoder_q.1.mlp.0.weight', 'encoder_k.0.conv1.weight'),
  ],
  ['VISSL', rename(prefixed('_feature_blocks.'))],
  ['VISSL, older', rename(prefixed('trunk.base_model._feature_blocks.'))],
  ['wrapped twice', rename(prefixed('model.module.backbone.'), 'model.module.head.weight')],
])('%s', (_, tensors) => {
  const found = findQueryEncoder(tensors, 'x.pth');
  refuseMismatch(entries, found.backbone);
  for (const [name, tensor] of backbone) expect(found.backbone.get(name)).toBe(tensor);
  expect(found.head.size).toBe(0);
});

test('counters that a file leaves out start at 0', () => {
  const tensors = new Map([...backbone].filter(([name]) => !name.endsWith('num_batches_tracked')));
  const found = findQueryEncoder(tensors, 'x.pth');
  refuseMismatch(entries, found.backbone);
  expect(found.backbone.get('bn1.num_batches_tracked')?.values).toEqual(BigInt64Array.of(0n));
});

const problemOf = (run: () => unknown) =>
  catchProblems(run)
    .map((each) => renderProblem(each))
    .join('\n');

test('an encoder that is not found, or is none', () => {
  expect(
    problemOf(() => findQueryEncoder(rename(prefixed('bakbone.'), 'head.weight'), 'x.pth')),
  ).toMatchInlineSnapshot(`
    "STAGE_ENCODER_NOT_FOUND
      Expected an encoder in a layout that is known in x.pth but found 121 tensors that begin with: bakbone.conv1, bakbone.bn1, bakbone.layer1, bakbone.layer2, bakbone.layer3, bakbone.layer4, ....
        hint: bakbone.conv1.weight looks like one under bakbone.; nearest known prefix: backbone.. Known: mocolab, facebookresearch/moco, facebookresearch/moco-v3, MMSelfSup, VISSL, lightly, solo-learn, Detectron2, torchvision."
  `);
  expect(
    problemOf(() => findQueryEncoder(new Map([['visual.proj', stranger]]), 'x.pth')),
  ).toMatchInlineSnapshot(`
    "STAGE_ENCODER_NOT_FOUND
      Expected an encoder in a layout that is known in x.pth but found 1 tensors that begin with: visual.proj.
        hint: Known: mocolab, facebookresearch/moco, facebookresearch/moco-v3, MMSelfSup, VISSL, lightly, solo-learn, Detectron2, torchvision."
  `);
  expect(
    problemOf(() =>
      findQueryEncoder(rename(prefixed('module.encoder_q.'), 'module.encoder_q.attention.weight'), 'x.pth'),
    ),
  ).toMatchInlineSnapshot(`
    "STAGE_ENCODER_UNEXPECTED
      Expected a ResNet below module.encoder_q. in x.pth (layout facebookresearch/moco) but found 1 more: module.encoder_q.attention.weight.
        hint: Save the encoder alone, or check that it is one of the archs of model.arch."
  `);
});

test('a backbone with a tensor too few', () => {
  const tensors = rename(prefixed('module.encoder_q.'));
  tensors.delete('module.encoder_q.layer2.0.conv1.weight');
  expect(
    problemOf(() => refuseMismatch(entries, findQueryEncoder(tensors, 'x.pth').backbone)),
  ).toMatchInlineSnapshot(`
    "MODEL_STATE_MISMATCH
      Expected the tensors of this model but found 1 missing: layer2.0.conv1.weight.
        hint: The arch, stem, width and head in the config must be those of the checkpoint."
  `);
});

test('a head of another backbone', () => {
  const head = (shape: readonly number[]): HostTensor => ({
    dtype: 'float32',
    shape,
    values: new Float32Array(0),
  });
  refuseHead(
    32,
    new Map([
      ['fc.0.weight', head([32, 32])],
      ['fc.0.bias', head([32])],
      ['fc.2.weight', head([8, 32])],
    ]),
  );
  expect(problemOf(() => refuseHead(32, new Map([['fc.weight', head([128, 2048])]])))).toMatchInlineSnapshot(`
    "STAGE_HEAD_MISMATCH
      Expected fc.weight to take 32 values, [outputs, 32], but it is [128,2048].
        hint: The head belongs to another backbone: check model.arch and model.width."
  `);
});
