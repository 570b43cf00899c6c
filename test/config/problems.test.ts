// Every code of the config layer, by a document that has it, with the whole text that a user reads.

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { LoadOptions } from '../../src/config/loading.ts';
import { loadFiles, renderAll } from '../helpers/load-files.ts';

/** A recipe of one line each, so that a case can replace the line it is about. */
function recipe(changes: { readonly [key: string]: string } = {}): string {
  const lines = {
    kind: 'pretrain',
    epochs: '200',
    batchSize: '256',
    moco: '{ queueSize: 4096 }',
    optimizer: '{ lr: 0.03 }',
    data: '{ dataset: cifar10 }',
    augment: '[{ op: randomResizedCrop, size: 32 }]',
    model: '{ bn: split 4 }',
    ...changes,
  };
  return `${Object.entries(lines)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n')}\n`;
}

function problemsOf(
  text: string,
  more: { readonly [file: string]: string } = {},
  options: Partial<LoadOptions> = {},
) {
  return renderAll(loadFiles({ 'a.yaml': text, ...more }, options));
}

test('merge keys: own keys win over merged ones', () => {
  const text = recipe({ optimizer: '{ <<: { lr: 0.5, momentum: 0.8 }, lr: 0.03 }' });
  const { experiment, problems } = loadFiles({ 'a.yaml': text });
  expect(problems).toEqual([]);
  expect(experiment?.methods[0]?.recipe.optimizer).toMatchObject({ lr: 0.03, momentum: 0.8 });
});

test('aliases that repeat each other without end', () => {
  const lines = Array.from(
    { length: 12 },
    (_, i) =>
      `a${i}: &a${i} [${Array.from({ length: 10 }, () => (i === 0 ? 'x' : `*a${i - 1}`)).join(', ')}]`,
  );
  expect(problemsOf(`${lines.join('\n')}\n`)).toContain('Expected at most 20000 values but found more.');
});

test('a recipe without faults has no problems', () => {
  expect(problemsOf(recipe())).toBe('');
});

test('a file that is not there', () => {
  expect(problemsOf(recipe(), {}, { file: 'b.yaml' })).toMatchInlineSnapshot(`
    "CONFIG_FILE_MISSING
      Expected a readable file but b.yaml does not exist.
        hint: Shipped recipes are in configs/, experiments in experiments/."
  `);
});

test('a folder in the place of a file', () => {
  expect(problemsOf(recipe(), { 'b.yaml/c.yaml': '' }, { file: 'b.yaml' })).toMatchInlineSnapshot(`
    "CONFIG_FILE_MISSING
      Expected a readable file but b.yaml is a folder.
        hint: Shipped recipes are in configs/, experiments in experiments/."
  `);
});

test.runIf(existsSync('/dev/zero'))('a device in the place of a file is not read', () => {
  expect(problemsOf(recipe({ extends: '/dev/zero' }))).toMatch(
    /^a\.yaml:\d+:\d+ {2}CONFIG_FILE_MISSING\n {2}Expected a readable file but .*dev\/zero is a device, a pipe or a socket\.\n/,
  );
});

test('a file that is too large for settings', () => {
  const text = `${recipe()}# ${'x'.repeat(2 ** 18)}\n`;
  const bytes = Buffer.byteLength(text);
  expect(problemsOf(text)).toBe(`CONFIG_FILE_LARGE
  Expected a file of settings of at most 262144 bytes but a.yaml has ${bytes}.
    hint: Recipes and experiments are a few kilobytes. Was another file meant?`);
});

test('an alias without an anchor', () => {
  expect(problemsOf(recipe({ name: '*x' }))).toContain(`CONFIG_YAML_SYNTAX
  Expected the anchor &x before its alias but there is none that has ended.
`);
});

test('an anchor that holds its own alias', () => {
  expect(problemsOf(recipe({ moco: '&m { dim: *m }' }))).toContain(
    'Expected the anchor &m before its alias but there is none that has ended.',
  );
});

test.each([
  ['a list in a list ...', '['.repeat(20_000)],
  ['aliases of aliases', `[&a0 x${Array.from({ length: 100 }, (_, i) => `, &a${i + 1} [*a${i}]`).join('')}]`],
])('a value that nests too deep: %s', (_, value) => {
  expect(problemsOf(recipe({ moco: value }))).toContain('Expected at most 64 levels but found more.');
});

test('a key that is a name of every object is unknown, and a variable of that name is not set', () => {
  expect(problemsOf(recipe({ ['__proto__']: '{ polluted: 1 }' }))).toContain(
    'Expected a known key but found __proto__.',
  );
  expect(problemsOf(recipe({ epochs: '$\u007b__proto__}' }))).toContain(
    'Expected the environment variable __proto__ but it is not set.',
  );
});

test('a matrix of more cells than anybody wants', () => {
  const axis = `[${Array.from({ length: 17 }, (_, i) => i + 1).join(', ')}]`;
  expect(
    problemsOf(recipe({ matrix: `{ epochs: ${axis}, optimizer.lr: ${axis}, moco.temperature: ${axis} }` })),
  ).toContain(`CONFIG_MATRIX_LARGE
  Expected at most 4096 cells in the matrix but its axes multiply to 4913.
`);
});

test('a matrix whose cells repeat a large recipe', () => {
  const many = `[${Array.from({ length: 1000 }, (_, i) => i).join(', ')}]`;
  const axis = `[${Array.from({ length: 32 }, (_, i) => i + 1).join(', ')}]`;
  expect(
    problemsOf(
      recipe({ moco: `{ queueSize: ${many} }`, matrix: `{ epochs: ${axis}, optimizer.lr: ${axis} }` }),
    ),
  ).toContain(`CONFIG_MATRIX_LARGE
  Expected the cells of the matrix to have at most 1000000 values together but 1024 cells of a recipe of 1016 values have more.
`);
});

test.each([
  ['a long text', 'x'.repeat(200_000)],
  ['a long list', `[${'1,'.repeat(19_000)}]`],
])('published values that are %s are one problem', (_, published) => {
  const { problems } = loadFiles({
    'a.yaml': `kind: experiment\nmethods: { a: { published: ${published} } }\nevaluations: {}\n`,
  });
  expect(problems.map(({ code }) => code)).toEqual(['CONFIG_WRONG_TYPE']);
});

test('of a long value no more is told than fits a line', () => {
  const list = `["${'é'.repeat(70)}", 2]`;
  expect(problemsOf(recipe({ batchSize: list }))).toContain(
    `Expected an integer for batchSize but received ["${'é'.repeat(55)}..., a list.\n`,
  );
  expect(problemsOf(recipe({ batchSize: `{ ${'k'.repeat(70)}: 1 }` }))).toContain(
    `but received {"${'k'.repeat(55)}..., a mapping.\n`,
  );
});

test('a syntax error', () => {
  expect(problemsOf(recipe({ moco: '{ queueSize: 4096' }))).toMatchInlineSnapshot(`
    "a.yaml:5:1  CONFIG_YAML_SYNTAX
      Expected valid YAML but found this: Flow map in block collection must be sufficiently indented and end with a }.

        5 | optimizer: { lr: 0.03 }
          | ~
        hint: Check indentation, quotes and brackets around here."
  `);
});

test('an empty file', () => {
  expect(problemsOf('')).toMatchInlineSnapshot(`
    "a.yaml:1:1  CONFIG_WRONG_TYPE
      Expected a document of settings but a.yaml is empty.

        1 | 
          | ~
        hint: Start from a file in configs/ or experiments/."
  `);
});

test('a duplicate key', () => {
  expect(problemsOf(`${recipe()}epochs: 100\n`)).toMatchInlineSnapshot(`
    "a.yaml:9:1  CONFIG_DUPLICATE_KEY
      Expected each key once in a mapping but this one stands there twice.

        9 | epochs: 100
          | ~~~~~~
        hint: Remove one of the two."
  `);
});

test('a tab', () => {
  expect(problemsOf(`${recipe()}loader:\n\tthreads: 1\n`)).toMatchInlineSnapshot(`
    "a.yaml:10:1  CONFIG_TAB
      Expected spaces for indentation but found a tab.

        10 |  threads: 1
           | ~
        hint: YAML allows no tabs there; use two spaces a level."
  `);
});

test('an unknown key, with the nearest one', () => {
  expect(problemsOf(recipe({ moco: '{ queuesize: 4096 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:9  CONFIG_UNKNOWN_KEY
      Expected a known key in moco but found queuesize.

        4 | moco: { queuesize: 4096 }
          |         ~~~~~~~~~
        hint: Did you mean queueSize?"
  `);
});

test('a wrong type', () => {
  expect(problemsOf(recipe({ epochs: 'many' }))).toMatchInlineSnapshot(`
    "a.yaml:2:9  CONFIG_WRONG_TYPE
      Expected an integer for epochs but received "many", a string.

        2 | epochs: many
          |         ~~~~
        hint: Passes over the training images."
  `);
});

test('a number out of range, with the paper’s value', () => {
  expect(problemsOf(recipe({ optimizer: '{ lr: -0.03 }' }))).toMatchInlineSnapshot(`
    "a.yaml:5:18  CONFIG_OUT_OF_RANGE
      Expected a number > 0 for optimizer.lr but received -0.03.

        5 | optimizer: { lr: -0.03 }
          |                  ~~~~~
        hint: MoCo v1 uses 0.03 at batch 256; scale it linearly with the batch."
  `);
});

test('a momentum that runs the other way', () => {
  expect(problemsOf(recipe({ moco: '{ queueSize: 4096, keyMomentum: 1.5 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:39  CONFIG_OUT_OF_RANGE
      Expected a number <= 1 for moco.keyMomentum but received 1.5.

        4 | moco: { queueSize: 4096, keyMomentum: 1.5 }
          |                                       ~~~
        hint: MoCo uses 0.999 on ImageNet, the CIFAR demo 0.99."
  `);
});

test('an unknown choice', () => {
  expect(problemsOf(recipe({ data: '{ dataset: cifar }' }))).toMatchInlineSnapshot(`
    "a.yaml:6:18  CONFIG_UNKNOWN_CHOICE
      Expected one of cifar10, imagefolder, synthetic for data.dataset but received "cifar".

        6 | data: { dataset: cifar }
          |                  ~~~~~
        hint: Did you mean cifar10?"
  `);
});

test('an unknown engine', () => {
  expect(problemsOf(recipe(), {}, { engine: 'cuda' })).toMatchInlineSnapshot(`
    "CONFIG_UNKNOWN_ENGINE
      Expected one of auto, torch, tensorflow, wasm, cpu for engine but received "cuda".
        hint: Choose one of auto, torch, tensorflow, wasm, cpu."
  `);
  expect(problemsOf(recipe({ engine: 'wsam' }))).toMatchInlineSnapshot(`
    "a.yaml:9:9  CONFIG_UNKNOWN_ENGINE
      Expected one of auto, torch, tensorflow, wasm, cpu for engine but received "wsam".

        9 | engine: wsam
          |         ~~~~
        hint: Did you mean wasm?"
  `);
});

test('a missing key', () => {
  expect(problemsOf(recipe({ augment: '[{ op: randomResizedCrop }]' }))).toMatchInlineSnapshot(`
    "a.yaml:7:11  CONFIG_MISSING_KEY
      Expected the key size in augment.0 but it is not there.

        7 | augment: [{ op: randomResizedCrop }]
          |           ~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: Add it."
  `);
});

test('an unknown kind', () => {
  expect(problemsOf(recipe({ kind: 'pretraining' }))).toMatchInlineSnapshot(`
    "a.yaml:1:7  CONFIG_UNKNOWN_KIND
      Expected kind to be one of experiment, pretrain, lincls, knn, detection but received "pretraining".

        1 | kind: pretraining
          |       ~~~~~~~~~~~
        hint: A file opens with its kind, for example: kind: experiment"
  `);
});

test('an environment variable that is not set', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is YAML.
  const data = '{ dataset: imagefolder, root: "${IMAGENET}" }';
  expect(problemsOf(recipe({ data }))).toMatchInlineSnapshot(`
    "a.yaml:6:37  CONFIG_ENV_UNSET
      Expected the environment variable IMAGENET but it is not set.

        6 | data: { dataset: imagefolder, root: "\${IMAGENET}" }
          |                                     ~~~~~~~~~~~~~
        hint: Set it, or give a default: \${IMAGENET:-value}."
  `);
});

test('an environment variable that is set, or has a default, is no problem', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is YAML.
  const data = '{ dataset: imagefolder, root: "${IMAGENET}/${YEAR:-2012}" }';
  const { experiment, problems } = loadFiles({ 'a.yaml': recipe({ data }) }, { env: { IMAGENET: '/data' } });
  expect(problems).toEqual([]);
  expect(experiment?.methods[0]?.recipe.data.root).toBe('/data/2012');
});

test('an extends of a file that is not there', () => {
  expect(problemsOf(recipe({ extends: 'base.yaml' }))).toMatchInlineSnapshot(`
    "a.yaml:9:10  CONFIG_FILE_MISSING
      Expected a readable file but base.yaml does not exist.

        9 | extends: base.yaml
          |          ~~~~~~~~~
        hint: extends is relative to ./."
  `);
});

test('a cycle of extends, with every place of it', () => {
  const files = { 'b.yaml': 'extends: c.yaml\n', 'c.yaml': 'extends: a.yaml\n' };
  expect(problemsOf(recipe({ extends: 'b.yaml' }), files)).toMatchInlineSnapshot(`
    "c.yaml:1:10  CONFIG_EXTENDS_CYCLE
      Expected extends to end somewhere but it runs in a circle: a.yaml -> b.yaml -> c.yaml -> a.yaml.

        1 | extends: a.yaml
          |          ~~~~~~
        hint: Remove one of these extends.
        a.yaml:9:10  a.yaml is extended on the way
        b.yaml:1:10  b.yaml is extended on the way
        c.yaml:1:1  c.yaml is extended on the way"
  `);
});

test('an empty matrix', () => {
  expect(problemsOf(recipe({ matrix: '{ optimizer.lr: [] }' }))).toMatchInlineSnapshot(`
    "a.yaml:9:25  CONFIG_MATRIX_EMPTY
      Expected at least one cell in the matrix but it has none.

        9 | matrix: { optimizer.lr: [] }
          |                         ~~
        hint: Give every axis a value, exclude less, or remove the matrix.

    a.yaml:9:9  CONFIG_MATRIX_EMPTY
      Expected at least one cell in the matrix but it has none.

        9 | matrix: { optimizer.lr: [] }
          |         ~~~~~~~~~~~~~~~~~~~~
        hint: Give every axis a value, exclude less, or remove the matrix."
  `);
  const excluded = '{ optimizer.lr: [0.1, 0.2], exclude: [{ optimizer.lr: 0.1 }, { optimizer.lr: 0.2 }] }';
  expect(problemsOf(recipe({ matrix: excluded }))).toMatchInlineSnapshot(`
    "a.yaml:9:9  CONFIG_MATRIX_EMPTY
      Expected at least one cell in the matrix but it has none.

        9 | matrix: { optimizer.lr: [0.1, 0.2], exclude: [{ optimizer.lr: 0.1 }, { optimizer.lr: 0.2 }] }
          |         ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: Give every axis a value, exclude less, or remove the matrix."
  `);
});

test('an axis that is no list', () => {
  expect(problemsOf(recipe({ matrix: '{ optimizer: { lr: [0.1, 0.2] } }' }))).toMatchInlineSnapshot(`
    "a.yaml:9:22  CONFIG_WRONG_TYPE
      Expected a list of values for matrix.optimizer but received {"lr":[0.1,0.2]}.

        9 | matrix: { optimizer: { lr: [0.1, 0.2] } }
          |                      ~~~~~~~~~~~~~~~~~~
        hint: For example: matrix: { moco.temperature: [0.07, 0.2] }. Settings that go together are cells."
  `);
});

test('an axis of an unknown key', () => {
  expect(problemsOf(recipe({ matrix: '{ optimizer.rl: [0.1, 0.2] }' }))).toMatchInlineSnapshot(`
    "a.yaml:9:26  CONFIG_UNKNOWN_KEY
      Expected a known key in optimizer but found rl.

        9 | matrix: { optimizer.rl: [0.1, 0.2] }
          |                          ~~~
        hint: Did you mean lr?

    a.yaml:9:31  CONFIG_UNKNOWN_KEY
      Expected a known key in optimizer but found rl.

        9 | matrix: { optimizer.rl: [0.1, 0.2] }
          |                               ~~~
        hint: Did you mean lr?"
  `);
});

test('--set without a value, and of an unknown key', () => {
  expect(problemsOf(recipe(), {}, { set: ['optimizer.lr'] })).toMatchInlineSnapshot(`
    "CONFIG_SET_SYNTAX
      Expected --set PATH=VALUE but received "optimizer.lr".
        hint: For example: --set moco.temperature=0.1"
  `);
  expect(problemsOf(recipe(), {}, { set: ['optimizer.rl=0.1'] })).toMatchInlineSnapshot(`
    "CONFIG_UNKNOWN_KEY
      Expected a known key but --set optimizer.rl=0.1 sets optimizer.rl.
        hint: Did you mean lr?"
  `);
});

test('bf16 on an engine that computes in float32 alone', () => {
  expect(problemsOf(recipe({ engine: 'wasm', precision: 'bf16' }))).toMatchInlineSnapshot(`
    "a.yaml:10:12  CONFIG_PRECISION
      Expected precision to be fp32 or tf32 for the engine wasm but received bf16.

        10 | precision: bf16
           |            ~~~~
        hint: Only the engine torch computes in bf16."
  `);
  expect(problemsOf(recipe({ engine: 'torch', precision: 'bf16' }))).toBe('');
  expect(problemsOf(recipe({ engine: 'wasm', precision: 'tf32' }))).toBe('');
});

test('a queue that the batch does not divide, with the sizes that fit', () => {
  expect(problemsOf(recipe({ moco: '{ queueSize: 4000 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:20  CONFIG_QUEUE_NOT_DIVISIBLE
      Expected moco.queueSize to be divisible by batchSize 256 but received 4000.

        4 | moco: { queueSize: 4000 }
          |                    ~~~~
        hint: Sizes that fit: 3840 or 4096."
  `);
});

test('a queue larger than the data set', () => {
  expect(problemsOf(recipe({ moco: '{ queueSize: 65536 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:20  CONFIG_QUEUE_TOO_LARGE
      Expected moco.queueSize to be at most the 50000 training images but received 65536.

        4 | moco: { queueSize: 65536 }
          |                    ~~~~~
        hint: Negatives would be other crops of the query’s own image. A tenth of the images is safe."
  `);
});

test('a queue larger than a tenth of the data set is a warning', () => {
  expect(problemsOf(recipe({ moco: '{ queueSize: 8192 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:20  CONFIG_QUEUE_LARGE
      moco.queueSize 8192 is more than a tenth of the 50000 training images.

        4 | moco: { queueSize: 8192 }
          |                    ~~~~
        hint: Some negatives will be crops of the query’s own image."
  `);
});

test('a batch larger than the data set', () => {
  const data = '{ dataset: cifar10, limit: { train: 100 } }';
  expect(problemsOf(recipe({ data, batchSize: '128', moco: '{ queueSize: 128 }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:20  CONFIG_BATCH_TOO_LARGE
      Expected batchSize to be at most the 100 training images but received 128.

        4 | moco: { queueSize: 128 }
          |                    ~~~
        hint: Lower batchSize, or raise data.limit.

    a.yaml:4:20  CONFIG_QUEUE_TOO_LARGE
      Expected moco.queueSize to be at most the 100 training images but received 128.

        4 | moco: { queueSize: 128 }
          |                    ~~~
        hint: Negatives would be other crops of the query’s own image. A tenth of the images is safe."
  `);
});

test('a batch that SplitBatchNorm does not divide', () => {
  const model = '{ arch: resnet18, bn: split 8 }';
  expect(problemsOf(recipe({ model, batchSize: '100', moco: '{ queueSize: 4000 }' }))).toMatchInlineSnapshot(`
    "a.yaml:8:30  CONFIG_SPLIT_NOT_DIVISIBLE
      Expected batchSize 100 to be divisible by the parts of model.bn but received "split 8".

        8 | model: { arch: resnet18, bn: split 8 }
          |                              ~~~~~~~
        hint: The CIFAR demo of the authors uses split 8 at batch 512."
  `);
});

test('milestones that are never reached', () => {
  const schedule = '{ policy: step, milestones: [120, 300] }';
  expect(problemsOf(recipe({ schedule }))).toMatchInlineSnapshot(`
    "a.yaml:9:39  CONFIG_MILESTONES
      Expected schedule.milestones to rise and stay below epochs 200 but received [120,300].

        9 | schedule: { policy: step, milestones: [120, 300] }
          |                                       ~~~~~~~~~~
        hint: MoCo v1 uses [120, 160] of 200 epochs, linear classification [60, 80] of 100."
  `);
});

test('images of no common size', () => {
  const data = '{ dataset: imagefolder, root: images }';
  expect(problemsOf(recipe({ data, augment: '[{ op: randomHorizontalFlip }]' }))).toMatchInlineSnapshot(`
    "a.yaml:7:10  CONFIG_NO_CROP
      Expected augment to give images of one size but it has none of randomResizedCrop, randomCrop, centerCrop.

        7 | augment: [{ op: randomHorizontalFlip }]
          |          ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: ImageNet recipes end with a crop of 224."
  `);
});

const LINCLS = `kind: lincls
data: { dataset: cifar10 }
augment: [{ op: centerCrop, size: 32 }]
evalTransform: [{ op: centerCrop, size: 32 }]
`;

test('a random operation in an evaluation', () => {
  const text = LINCLS.replace('evalTransform: [', 'evalTransform: [{ op: randomHorizontalFlip }, ');
  expect(problemsOf(text, {}, { pretrained: 'x.safetensors' })).toMatchInlineSnapshot(`
    "a.yaml:4:17  CONFIG_RANDOM_EVALUATION
      Expected only resize and centerCrop in evalTransform but found randomHorizontalFlip.

        4 | evalTransform: [{ op: randomHorizontalFlip }, { op: centerCrop, size: 32 }]
          |                 ~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: Held-out images are judged as they are."
  `);
});

test('a lincls recipe alone without an encoder', () => {
  expect(problemsOf(LINCLS)).toMatchInlineSnapshot(`
    "CONFIG_PRETRAINED_MISSING
      Expected a checkpoint to judge but a.yaml names none.
        hint: Give it with --pretrained FILE, or as pretrained in the recipe."
  `);
});

const EXPERIMENT = `kind: experiment
methods:
  v1: { extends: recipe.yaml }
evaluations:
  linear: { extends: lincls.yaml }
report: { columns: [linear.top1] }
`;
const PARTS = { 'recipe.yaml': recipe(), 'lincls.yaml': LINCLS };

test('an experiment of recipes has no problems', () => {
  expect(problemsOf(EXPERIMENT, PARTS)).toBe('');
});

test('a column of the report that is no text', () => {
  const text = problemsOf(EXPERIMENT.replace('linear.top1', '{ linear: top1 }'), PARTS);
  expect(text).toContain('CONFIG_WRONG_TYPE\n  Expected a string for report.columns.0 but received');
  expect(text).not.toContain('CONFIG_UNKNOWN_COLUMN');
});

test('an unknown column of the report', () => {
  expect(problemsOf(EXPERIMENT.replace('linear.top1', 'lincls.top1'), PARTS)).toMatchInlineSnapshot(`
    "a.yaml:6:21  CONFIG_UNKNOWN_COLUMN
      Expected evaluation.metric for report.columns but received "lincls.top1".

        6 | report: { columns: [lincls.top1] }
          |                     ~~~~~~~~~~~
        hint: Did you mean linear.top1?"
  `);
});

test('published values of an evaluation that is not there', () => {
  const text = EXPERIMENT.replace(
    '{ extends: recipe.yaml }',
    '{ extends: recipe.yaml, published: { lincls: { top1: { mean: 60.6, source: paper } } } }',
  );
  expect(problemsOf(text, PARTS)).toMatchInlineSnapshot(`
    "a.yaml:3:52  CONFIG_UNKNOWN_EVALUATION
      Expected an evaluation of this experiment for methods.v1.published but found lincls.

        3 |   v1: { extends: recipe.yaml, published: { lincls: { top1: { mean: 60.6, source: paper } } } }
          |                                                    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
        hint: Evaluations: linear."
  `);
});

test('a name that is no folder name', () => {
  expect(problemsOf(EXPERIMENT.replace('v1:', '../v1:'), PARTS)).toMatchInlineSnapshot(`
    "a.yaml:3:10  CONFIG_NAME
      Expected a name that can be a folder's, and no stage's, for methods.../v1.

        3 |   ../v1: { extends: recipe.yaml }
          |          ~~~~~~~~~~~~~~~~~~~~~~~~
        hint: Letters, digits and . _ + = - are fine."
  `);
});

test('a checkpoint that a pretrained method does not name', () => {
  const text = EXPERIMENT.replace('{ extends: recipe.yaml }', '{ extends: recipe.yaml, method: pretrained }');
  expect(problemsOf(text, PARTS)).toMatchInlineSnapshot(`
    "a.yaml:3:39  CONFIG_PRETRAINED_MISSING
      Expected a checkpoint for methods.v1.method pretrained but none is given.

        3 |   v1: { extends: recipe.yaml, method: pretrained }
          |                                       ~~~~~~~~~~
        hint: Give it with --pretrained FILE, or as checkpoint."
  `);
});

test('a device spec that is none', () => {
  expect(problemsOf(EXPERIMENT, PARTS, { devices: 'gpu' })).toMatchInlineSnapshot(`
    "CONFIG_OUT_OF_RANGE
      Expected another form for launch.devices but received "gpu".
        hint: auto, cpu, cpu:N, cuda or cuda:I,J."
  `);
});

test('all problems of a file come at once, in its order', () => {
  const text = recipe({ epochs: '0', batchSize: '2.5', moco: '{ queueSize: 4096, temprature: 0.2 }' });
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    "a.yaml:2:9  CONFIG_OUT_OF_RANGE
      Expected a number >= 1 for epochs but received 0.

        2 | epochs: 0
          |         ~
        hint: Allowed: 1 to 100000.

    a.yaml:3:12  CONFIG_WRONG_TYPE
      Expected an integer for batchSize but received 2.5, a number.

        3 | batchSize: 2.5
          |            ~~~
        hint: MoCo uses 256.

    a.yaml:4:26  CONFIG_UNKNOWN_KEY
      Expected a known key in moco but found temprature.

        4 | moco: { queueSize: 4096, temprature: 0.2 }
          |                          ~~~~~~~~~~
        hint: Did you mean temperature?"
  `);
});

test('a best checkpoint where nothing says which is best', () => {
  expect(problemsOf(recipe({ checkpointing: '{ keep: best }' }))).toMatchInlineSnapshot(`
    "a.yaml:9:24  CONFIG_OUT_OF_RANGE
      Expected another form for checkpointing.keep but received "best".

        9 | checkpointing: { keep: best }
          |                        ~~~~
        hint: last, every N or all. There is no best without labels; linear classification has one."
  `);
});

test('a checkpoint to go on from, without training', () => {
  const changes = { method: 'untrained', resume: 'checkpoint_0099.pth.tar' };
  expect(problemsOf(recipe(changes))).toMatchInlineSnapshot(`
    "a.yaml:10:9  CONFIG_RESUME_WITHOUT_TRAINING
      Expected resume only with method moco but the method is untrained.

        10 | resume: checkpoint_0099.pth.tar
           |         ~~~~~~~~~~~~~~~~~~~~~~~
        hint: To judge a checkpoint as it is, name it as checkpoint with method: pretrained."
  `);
});

test('a batch that the devices of a training do not divide, with the sizes that fit', () => {
  const text = recipe({ batchSize: '100', moco: '{ queueSize: 4000 }', devices: '8' });
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    "a.yaml:3:12  CONFIG_BATCH_NOT_DIVISIBLE
      Expected batchSize to be divisible by the 8 devices of a training but received 100.

        3 | batchSize: 100
          |            ~~~
        hint: Sizes that fit: 96 or 104. It is the whole batch, over all devices."
  `);
});

test('parts of BatchNorm that do not divide a device’s share', () => {
  const text = recipe({ batchSize: '256', devices: '8', model: '{ bn: split 3 }' });
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    "a.yaml:8:14  CONFIG_SPLIT_NOT_DIVISIBLE
      Expected the 32 images of each device to be divisible by the parts of model.bn but received "split 3".

        8 | model: { bn: split 3 }
          |              ~~~~~~~
        hint: The CIFAR demo of the authors uses split 8 at batch 512."
  `);
});

test('ShuffleBN with one device and plain BatchNorm, and not with several, with parts or without shuffling', () => {
  expect(problemsOf(recipe({ model: '{ bn: plain }' }))).toMatchInlineSnapshot(`
    "a.yaml:4:7  CONFIG_SHUFFLE_BN_ALONE
      Expected several devices or model.bn split N for moco.shuffleBn but one device computes BatchNorm over the whole batch.

        4 | moco: { queueSize: 4096 }
          |       ~~~~~~~~~~~~~~~~~~~
        hint: In any order its statistics are those of the query’s own batch, so shuffling hides nothing. model.bn: split 8 computes them over 8 parts, as 8 devices would; moco.shuffleBn: false accepts it."
  `);
  expect(problemsOf(recipe({ model: '{ bn: plain }', devices: '2' }))).toBe('');
  expect(problemsOf(recipe({ model: '{ bn: plain }' }), {}, { devicesPerTrial: 2 })).toBe('');
  expect(problemsOf(recipe({ model: '{ bn: plain }', moco: '{ queueSize: 4096, shuffleBn: false }' }))).toBe(
    '',
  );
});
