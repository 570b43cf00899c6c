// The stage detection around a puppet in Detectron2's place (test/rig/puppet-detectron.mjs): what it is given, how
// its log becomes numbers, and every way of having none.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { DetectionRecipe, ModelConfig } from '../../src/config/schema/recipe.generated.ts';
import type { ProblemError } from '../../src/core/problem.ts';
import { findDetectron } from '../../src/detection/find-detectron.ts';
import { withTensors } from '../../src/files/open-tensors.ts';
import { writeTensorFile } from '../../src/runs/tensor-file.ts';
import { ENCODER_FILE } from '../../src/stages/stage-files.ts';
import { makeExperiment, makeMethod } from '../helpers/make-experiment.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { createStageRunner, type StageRunner } from '../helpers/run-stages.ts';

const PUPPET = path.resolve('test/rig/puppet-detectron.mjs');
const CONFIG = 'configs/voc.yaml';
const RESNET50: ModelConfig = { arch: 'resnet50', stem: 'imagenet', width: 64, bn: 'plain' };

afterEach(() => vi.unstubAllEnvs());

/** A clone's folder with what is looked for in it. */
function makeScripts(): string {
  const folder = makeFolder();
  mkdirSync(path.join(folder, 'configs'));
  writeFileSync(path.join(folder, 'train_net.py'), '');
  writeFileSync(path.join(folder, CONFIG), 'SOLVER:\n  MAX_ITER: 40\n');
  return folder;
}

function makeRecipe(changes: Partial<DetectionRecipe> = {}): DetectionRecipe {
  const places = { python: PUPPET, folder: makeScripts(), configFile: CONFIG };
  return { kind: 'detection', name: 'detection', ...places, gpus: 2, options: {}, ...changes };
}

/** A runner whose extract stage has left a small encoder. */
function setUp(recipe = makeRecipe(), model = RESNET50): StageRunner {
  const runner = createStageRunner(
    makeExperiment({
      methods: [makeMethod('moco', { model })],
      evaluations: [{ name: 'detection', label: 'VOC', recipe }],
    }),
  );
  const folder = runner.folderOf(runner.find('extract'));
  mkdirSync(folder, { recursive: true });
  const filter = { dtype: 'float32', shape: [1, 1, 1, 2], values: Float32Array.of(1.5, -2) } as const;
  const names = ['conv1.weight', 'layer1.0.downsample.0.weight'];
  writeTensorFile(path.join(folder, ENCODER_FILE), new Map(names.map((name) => [name, filter])), {});
  return runner;
}

/** The problems that the stage ends in; what it leaves where it ends well. */
function findProblems(runner: StageRunner): Promise<unknown> {
  return runner.run('detection').catch((error: ProblemError) => error.problems);
}

function readCall(runner: StageRunner): { readonly args: string[]; readonly cwd: string } {
  const folder = runner.folderOf(runner.find('detection'));
  return JSON.parse(readFileSync(path.join(folder, 'detectron2/call.json'), 'utf8'));
}

test('the encoder goes to Detectron2 under its names, and AP, AP50 and AP75 come back', async () => {
  const recipe = makeRecipe({ options: { 'SOLVER.IMS_PER_BATCH': 8 } });
  const runner = setUp(recipe);
  const seen: unknown[] = [];
  const outcome = await runner.run('detection', {
    onProgress: ({ done, total, meters }) => seen.push([done, total, meters]),
  });
  expect(outcome).toMatchObject({
    state: 'done',
    metrics: { AP: 11.125, AP50: 33.375, AP75: 22.25 },
    outputs: ['encoder.pkl', 'detection.json'],
  });
  expect(seen).toContainEqual([40, 40, { loss: 3.512 }]);
  const weights = path.join(runner.folderOf(runner.find('detection')), 'encoder.pkl');
  withTensors(weights, ({ tensors }) => {
    expect([...tensors.keys()]).toEqual(['stem.conv1.weight', 'res2.0.shortcut.weight']);
  });
  const { args, cwd } = readCall(runner);
  expect(cwd).toBe(recipe.folder);
  expect(args.slice(0, 6)).toEqual([
    'train_net.py',
    '--config-file',
    CONFIG,
    '--num-gpus',
    '2',
    'MODEL.WEIGHTS',
  ]);
  expect(args.slice(6)).toEqual([
    weights,
    'OUTPUT_DIR',
    path.join(path.dirname(weights), 'detectron2'),
    'SOLVER.IMS_PER_BATCH',
    '8',
  ]);
});

test('a stop ends the program, and the next run goes on from its checkpoint', async () => {
  const runner = setUp();
  vi.stubEnv('PUPPET_DETECTRON', 'waiting');
  const stopped = await runner.run('detection', {
    onProgress: ({ done }, stop) => {
      if (done === 40) stop.abort();
    },
  });
  expect(stopped).toEqual({ state: 'stopped' });
  vi.stubEnv('PUPPET_DETECTRON', 'well');
  expect(await runner.run('detection')).toMatchObject({ state: 'done' });
  expect(readCall(runner).args).toContain('--resume');
});

test.each([
  [
    'failing',
    {
      code: 'STAGE_DETECTION_FAILED',
      message: 'Expected Detectron2 to train to its end but it ended with exit code 1.',
      hint: 'The last lines of the log are its own words. Run again: it goes on from its last checkpoint.',
    },
  ],
  [
    'silent',
    {
      code: 'STAGE_DETECTION_NO_RESULT',
      message:
        'Expected AP, AP50 and AP75 of boxes in the log of Detectron2 but it ended well and reported none.',
      hint: 'Check that configFile evaluates: DATASETS.TEST, and an evaluator in train_net.py.',
    },
  ],
])('a program that ends %s leaves no number', async (end, problem) => {
  vi.stubEnv('PUPPET_DETECTRON', end);
  const runner = setUp();
  expect(await findProblems(runner)).toEqual([problem]);
  expect(existsSync(path.join(runner.folderOf(runner.find('detection')), 'detection.json'))).toBe(false);
});

test('where Detectron2 is gone since the plan, the stage says what it looked for', async () => {
  const runner = setUp(makeRecipe({ python: '/nowhere/python' }));
  expect(await findProblems(runner)).toEqual([
    {
      code: 'STAGE_DETECTION_ABSENT',
      message:
        'Expected Detectron2 on this machine but there is no Python with detectron2 (tried /nowhere/python).',
      hint: 'Name a Python that has it (python, $MOCO_DETECTRON2_PYTHON), and the detection folder of a clone of facebookresearch/moco (folder).',
    },
  ]);
});

test('an encoder that is no ResNet-50 is refused', async () => {
  const runner = setUp(makeRecipe(), { ...RESNET50, arch: 'resnet18' });
  expect(await findProblems(runner)).toEqual([
    {
      code: 'STAGE_DETECTION_MODEL',
      message:
        'Expected a ResNet-50 with the ImageNet stem for detection but the encoder is resnet18, stem imagenet, width 64.',
      hint: 'The detector is R50-C4: pre-train with model.arch resnet50, or leave detection out.',
    },
  ]);
});

test('a Python counts only where it has the package and the scripts are there', () => {
  const recipe = makeRecipe({ python: 'auto' });
  const named = { MOCO_DETECTRON2_PYTHON: PUPPET };
  expect(findDetectron(recipe, named)).toEqual({ found: true, python: PUPPET });
  expect(findDetectron({ ...recipe, folder: '/nowhere' }, named)).toEqual({
    found: false,
    reason: 'no train_net.py in /nowhere',
  });
  expect(findDetectron({ ...recipe, configFile: 'configs/coco.yaml' }, named)).toEqual({
    found: false,
    reason: `no configs/coco.yaml in ${recipe.folder}`,
  });
});
