// The layers of src/ as rules: who may import whom (see src/README.md). Type imports count.

const layers = {
  core: [],
  files: ['core'],
  config: ['core'],
  plan: ['config', 'core'],
  runs: ['files', 'plan', 'config', 'core'],
  tracking: ['runs', 'plan', 'config', 'core'],
  report: ['runs', 'plan', 'config', 'core'],
  web: ['report', 'runs', 'plan', 'config', 'core'],
  data: ['config', 'core'],
  engine: ['core'],
  model: ['engine', 'config', 'core'],
  train: ['engine', 'config', 'core'],
  moco: ['model', 'train', 'engine', 'config', 'core'],
  stages: [
    'detection',
    'moco',
    'model',
    'data',
    'train',
    'report',
    'tracking',
    'runs',
    'files',
    'plan',
    'engine',
    'config',
    'core',
  ],
  parity: ['moco', 'model', 'data', 'train', 'engine', 'config', 'core'],
  translate: ['core'],
  detection: ['config', 'core'],
  launch: ['plan', 'runs', 'config', 'core'],
  worker: ['stages', 'parity', 'tracking', 'engine', 'plan', 'runs', 'core'],
  cli: [
    'detection',
    'parity',
    'translate',
    'config',
    'plan',
    'launch',
    'report',
    'web',
    'tracking',
    'runs',
    'files',
    'data',
    'core',
  ],
};

/**
 * Single files of another layer: a protocol's two ends, progress in words, where the addons of an engine lie, and where ranks meet
 * (they load no TensorFlow).
 */
const exceptions = {
  launch: ['^src/engine/collectives/rendezvous/'],
  worker: [
    '^src/launch/protocol\\.ts$',
    '^src/launch/device-pool\\.ts$',
    '^src/launch/ui/progress-text\\.ts$',
  ],
  cli: [
    '^src/engine/torch/addon-file\\.ts$',
    '^src/engine/tensorflow/find-package\\.ts$',
    '^src/engine/collectives/rendezvous/',
  ],
  data: ['^src/engine/torch/addon-file\\.ts$'],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `${layer}-imports-only-${allowed.length ? allowed.join('-') : 'itself'}`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: {
    path: '^src/',
    pathNot: [layer, ...allowed].map((name) => `^src/${name}/`).concat(exceptions[layer] ?? []),
  },
}));

const packageOwners = {
  ajv: ['^src/config/'],
  yaml: ['^src/config/'],
  'fastest-levenshtein': ['^src/core/'],
  execa: ['^src/launch/worker-process\\.ts$', '^src/worker/run-command\\.ts$'],
  listr2: ['^src/launch/ui/'],
  commander: ['^src/cli/', '^src/main\\.ts$'],
  jstat: ['^src/report/'],
  protobufjs: ['^src/tracking/'],
  '@aws-crypto': ['^src/tracking/'],
  '@observablehq/plot': ['^src/report/figures/'],
  linkedom: ['^src/report/figures/'],
  sharp: ['^src/data/'],
  'umap-js': ['^src/train/'],
  '@tensorflow': ['^src/engine/'],
};

const packageRules = Object.entries(packageOwners).map(([name, owners]) => ({
  name: `${name.replace('@', '')}-stays-in-its-place`,
  severity: 'error',
  from: { path: '^src/', pathNot: owners },
  to: { path: `node_modules/${name}(/|$)` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...packageRules,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'the-parent-process-never-loads-tensorflow',
      severity: 'error',
      from: { path: '^src/main\\.ts$' },
      to: { path: 'node_modules/@tensorflow', reachable: true },
    },
    {
      name: 'only-a-report-loads-what-draws',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/report/(figures|html|details)/',
          '^src/report/write-full-report\\.ts$',
          '^src/stages/report\\.ts$',
          '^src/report/compare/collect-compared-curves\\.ts$',
          '^src/web/',
        ],
      },
      to: {
        path: '^src/report/(figures|html)/',
        pathNot: '^src/report/figures/theme\\.ts$',
        dependencyTypesNot: ['type-only'],
        dynamic: false,
      },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
