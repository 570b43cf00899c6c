// Writes the recipes of the two scripts, in the order of those in configs/.

import type { ArgValue } from './parse-args.ts';

/** Values by the path of their setting. */
export type Settings = ReadonlyMap<string, ArgValue>;

/** aug- and aug+ of main_moco.py. */
const AUGMENT_V1 = [
  '{ op: randomResizedCrop, size: 224, scale: [0.2, 1] }',
  '{ op: randomGrayscale, p: 0.2 }',
  '{ op: colorJitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4 }',
  '{ op: randomHorizontalFlip }',
];
const AUGMENT_V2 = [
  '{ op: randomResizedCrop, size: 224, scale: [0.2, 1] }',
  '{ op: colorJitter, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, p: 0.8 }',
  '{ op: randomGrayscale, p: 0.2 }',
  '{ op: gaussianBlur, sigma: [0.1, 2], p: 0.5 }',
  '{ op: randomHorizontalFlip }',
];

/** The recipe of main_moco.py, line by line. */
export function renderPretrain(settings: Settings): string[] {
  const value = (path: string) => renderValue(settings.get(path)!);
  return [
    'kind: pretrain',
    'method: moco',
    `epochs: ${value('epochs')}`,
    `batchSize: ${value('batchSize')}`,
    renderDevices(settings),
    ...renderModel(settings),
    'moco:',
    `  dim: ${value('moco.dim')}`,
    `  queueSize: ${value('moco.queueSize')}`,
    `  keyMomentum: ${value('moco.keyMomentum')}`,
    `  temperature: ${value('moco.temperature')}`,
    `  mlp: ${settings.has('moco.mlp')}`,
    ...renderTraining(settings),
    ...renderData(settings),
    ...renderOps('augment', settings.has('augment') ? AUGMENT_V2 : AUGMENT_V1),
    ...renderLoader(settings),
  ];
}

/** The recipe of main_lincls.py, line by line. */
export function renderLincls(settings: Settings): string[] {
  const pretrained = settings.get('pretrained');
  return [
    'kind: lincls',
    ...(pretrained === undefined ? [] : [`pretrained: ${renderValue(pretrained)}`]),
    `epochs: ${renderValue(settings.get('epochs')!)}`,
    `batchSize: ${renderValue(settings.get('batchSize')!)}`,
    renderDevices(settings),
    ...renderModel(settings),
    ...renderTraining(settings),
    'init:',
    '  std: 0.01',
    ...renderData(settings),
    ...renderOps('augment', ['{ op: randomResizedCrop, size: 224 }', '{ op: randomHorizontalFlip }']),
    ...renderOps('evalTransform', ['{ op: resize, size: 256 }', '{ op: centerCrop, size: 224 }']),
    ...renderLoader(settings),
  ];
}

function renderDevices(settings: Settings): string {
  const given = settings.get('devices');
  return given === undefined
    ? 'devices: 8 # the script takes all GPUs of its machine; the published runs had 8'
    : `devices: ${renderValue(given)}`;
}

function renderModel(settings: Settings): string[] {
  return ['model:', `  arch: ${renderValue(settings.get('model.arch')!)}`, '  stem: imagenet'];
}

function renderTraining(settings: Settings): string[] {
  const value = (path: string) => renderValue(settings.get(path)!);
  return [
    'optimizer:',
    `  lr: ${value('optimizer.lr')}`,
    `  momentum: ${value('optimizer.momentum')}`,
    `  weightDecay: ${value('optimizer.weightDecay')}`,
    'schedule:',
    // --cos makes the script forget --schedule.
    ...(settings.has('schedule.policy')
      ? ['  policy: cosine']
      : ['  policy: step', `  milestones: ${value('schedule.milestones')}`, '  gamma: 0.1']),
  ];
}

function renderData(settings: Settings): string[] {
  const root = settings.get('data.root');
  return ['data:', '  dataset: imagefolder', ...(root === undefined ? [] : [`  root: ${renderValue(root)}`])];
}

function renderOps(key: string, ops: readonly string[]): string[] {
  return [`${key}:`, ...ops.map((op) => `  - ${op}`)];
}

function renderLoader(settings: Settings): string[] {
  const threads = settings.get('loader.threads');
  return threads === undefined ? [] : ['loader:', `  threads: ${renderValue(threads)}`];
}

/** YAML. A text that could be read as anything else stands in quotes. */
function renderValue(value: ArgValue): string {
  if (typeof value === 'string')
    return /^[A-Za-z/][\w./-]*$/.test(value) && !isKeyword(value) ? value : JSON.stringify(value);
  if (typeof value === 'object') return `[${value.join(', ')}]`;
  return String(value);
}

function isKeyword(text: string): boolean {
  return /^(true|false|null|yes|no|on|off)$/i.test(text);
}
