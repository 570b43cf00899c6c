import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Fidelity } from '../../src/config/fidelity.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { renderDepartures } from '../../src/plan/render-departures.ts';
import { loadFiles, renderAll } from '../helpers/load-files.ts';

function pathsOf(fidelity: readonly Fidelity[] = []): { [name: string]: string[] } {
  return Object.fromEntries(
    fidelity.map(({ name, departures }) => [name, departures.map(({ path }) => path)]),
  );
}

const EXPERIMENT = `kind: experiment
data: { dataset: imagefolder, root: images }
methods:
  ours:
    extends: base.yaml
    optimizer: { lr: 0.06 }
evaluations:
  lincls: { kind: lincls }
`;
const BASE = `kind: pretrain
moco: { temperature: 0.2, mlp: true }
schedule: { policy: cosine }
augment:
  - { op: randomResizedCrop, size: 96, scale: [0.2, 1] }
  - { op: randomGrayscale, p: 0.2 }
  - { op: colorJitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 }
  - { op: randomHorizontalFlip }
  - { op: randomCrop, size: 96 }
`;

test('a departure names the setting, both values, and who set ours: a line, a flag, or a default', () => {
  const { experiment } = loadFiles(
    { 'a.yaml': EXPERIMENT, 'base.yaml': BASE },
    { set: ['moco.queueSize=1024', 'lincls.epochs=90'] },
  );
  expect(renderDepartures(experiment!.fidelity!)).toBe(`Departures from the published recipes:
  ours, from mocov2:
    devices                         8 -> 1                         default
    moco.queueSize                  65536 -> 1024                  --set moco.queueSize=1024
    optimizer.lr                    0.03 -> 0.06                   a.yaml:6
    augment.randomResizedCrop.size  224 -> 96                      base.yaml:5
    augment.gaussianBlur            sigma [0.1, 2], p 0.5 -> none  base.yaml:5
    augment.randomCrop              none -> size 96, padding 0     base.yaml:9
    augment order                   randomResizedCrop, colorJitter, randomGrayscale, randomHorizontalFlip -> randomResizedCrop, randomGrayscale, colorJitter, randomHorizontalFlip  base.yaml:5
  lincls, from lincls:
    epochs               100 -> 90       --set lincls.epochs=90
    schedule.milestones  [60, 80] -> []  default
`);
});

test('departures of pre-training carry what the paper says', () => {
  const { experiment } = loadFiles({ 'a.yaml': EXPERIMENT, 'base.yaml': BASE });
  const notes = experiment!.fidelity![0]!.departures.map(({ path, note }) => [path, note]);
  expect(notes).toContainEqual([
    'optimizer.lr',
    'MoCo v1 uses 0.03 at batch 256; scale it linearly with the batch.',
  ]);
  expect(notes).toContainEqual([
    'devices',
    'The published runs had 8 GPUs, each with BatchNorm statistics over its own 32 images (MoCo v1 §3.3).',
  ]);
});

describe('the published recipe', () => {
  const recipeOf = (method: string, files: { readonly [name: string]: string } = {}) => {
    const text = `kind: experiment\ndata: { dataset: imagefolder }\nmethods:\n  m: { ${method} }\n`;
    return loadFiles({ 'a.yaml': text, ...files }).experiment!.fidelity!.map(({ recipe }) => recipe);
  };

  test.each([
    ['moco: { mlp: true }', ['mocov2']],
    ['moco: { mlp: false }', ['mocov1']],
    ['model: { stem: cifar }, moco: { queueSize: 4096 }', ['cifar10/moco-asymmetric']],
    ['model: { stem: cifar }, moco: { queueSize: 4096, symmetric: true }', ['cifar10/moco-symmetric']],
    ['moco: { mlp: true }, reproduces: ablation/mlp', ['ablation/mlp']],
    ['method: untrained', []],
  ])('of { %s } is %j', (method, recipes) => {
    expect(recipeOf(method)).toEqual(recipes);
  });

  test('may be a file, relative to the one that names it', () => {
    const files = {
      'theirs/a.yaml': 'kind: pretrain\nextends: b.yaml\n',
      'theirs/b.yaml': 'kind: pretrain\nepochs: 7\n',
    };
    const text =
      'kind: experiment\nmethods:\n  m: { extends: theirs/a.yaml, reproduces: theirs/a.yaml, epochs: 8, precision: bf16 }\n';
    const { experiment } = loadFiles({ 'a.yaml': text, ...files });
    expect(experiment!.fidelity![0]!.departures).toEqual([
      { path: 'epochs', theirs: 7, ours: 8, setBy: 'a.yaml:3' },
      { path: 'precision', theirs: 'fp32', ours: 'bf16', setBy: 'a.yaml:3' },
    ]);
  });

  test('must be there', () => {
    const text = 'kind: experiment\nmethods:\n  m: { reproduces: mocov3, devices: 8 }\n';
    expect(renderAll(loadFiles({ 'a.yaml': text }))).toBe(`a.yaml:3:20  CONFIG_UNKNOWN_RECIPE
  Expected the name or the file of a pretrain recipe for methods.m.reproduces but received "mocov3".

    3 |   m: { reproduces: mocov3, devices: 8 }
      |                    ~~~~~~
    hint: Did you mean mocov1?`);
  });
});

describe('what is shipped', () => {
  const load = (file: string) => loadConfig({ file, pretrained: 'x', env: {} }).experiment!;

  test.each(['imagenet-200ep', 'mocov2-ablation'])(
    '%s departs from the published recipes in nothing',
    (name) => {
      const departures = Object.values(pathsOf(load(`experiments/${name}.yaml`).fidelity)).flat();
      expect(departures).toEqual([]);
    },
  );

  test('another number of devices is a departure of pre-training, unless BatchNorm has as many parts', () => {
    const file = 'experiments/imagenet-200ep.yaml';
    const alone = loadConfig({ file, devicesPerTrial: 1, env: {} }).experiment!;
    expect(pathsOf(alone.fidelity)).toEqual({ mocov1: ['devices'], mocov2: ['devices'], lincls: [] });
    const set = ['model.bn=split 8'];
    const parts = loadConfig({ file, set, devicesPerTrial: 1, env: {} }).experiment!;
    expect(pathsOf(parts.fidelity)).toEqual({ mocov1: [], mocov2: [], lincls: [] });
  });

  test('the CIFAR demo departs in nothing', () => {
    const paths = pathsOf(load('experiments/cifar10-demo.yaml').fidelity);
    expect(paths).toEqual({ asymmetric: [], symmetric: [], knn: [], lincls: [] });
  });

  test.each(
    // Detection is Detectron2's: its settings lie in a configuration of its own, which nothing here compares.
    readdirSync('configs', { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.yaml') && file !== 'voc-detection.yaml',
    ),
  )('configs/%s, run alone, is the recipe that it is compared with, or one that is nearest to it', (file) => {
    const [fidelity] = load(`configs/${file}`).fidelity!;
    const own = file.replace(/\.yaml$/, '');
    const paths = fidelity!.departures.map(({ path }) => path);
    if (fidelity!.recipe === own) expect(paths).toEqual([]);
    else expect([own.startsWith('ablation/'), paths.length > 1]).toEqual([true, true]);
  });
});
