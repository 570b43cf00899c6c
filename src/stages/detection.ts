// Transfer to detection: the encoder in Detectron2's form, and Detectron2's own training from it by the scripts of
// facebookresearch/moco (R50-C4 on VOC 07+12, 24k iterations). Nothing of it is computed here: what the program
// doesn't report is never made up. An interrupted training goes on from Detectron2's own checkpoint.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DetectionRecipe, ModelConfig } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import { findDetectron, TRAIN_SCRIPT } from '../detection/find-detectron.ts';
import { type AveragePrecisions, PrecisionReader, readProgress } from '../detection/read-log.ts';
import { renderDetectron } from '../files/convert/detectron.ts';
import { withTensors } from '../files/open-tensors.ts';
import { writeFileAtomic } from '../runs/write-file-atomic.ts';
import { findInputFolder } from './inputs.ts';
import type { RunStage, StageContext } from './stage-context.ts';
import { DETECTION_FILE, DETECTRON_FILE, ENCODER_FILE } from './stage-files.ts';

/** Below the stage's folder: what Detectron2 writes. */
const OUTPUT = 'detectron2';

/** Leaves DETECTRON_FILE and DETECTION_FILE. Throws STAGE_DETECTION_* problems. */
export const runDetection: RunStage<'detection'> = async (context) => {
  const { recipe, model } = context.config;
  refuseModel(model);
  const detectron = findDetectron(recipe);
  if (!detectron.found) throw new ProblemError(reportAbsent(detectron.reason));
  const encoder = path.join(findInputFolder(context, 'extract'), ENCODER_FILE);
  const weights = path.join(context.folder, DETECTRON_FILE);
  withTensors(encoder, ({ tensors }) => writeFileAtomic(weights, renderDetectron(tensors)));
  const reader = new PrecisionReader();
  const end = await context.runCommand(detectron.python, listArguments(recipe, context.folder), {
    cwd: path.resolve(recipe.folder),
    stop: context.stop,
    onLine: (line) => {
      reader.add(line);
      reportLine(context, line);
    },
  });
  if (end.state === 'stopped') return { state: 'stopped' };
  if (end.state === 'failed') throw new ProblemError(reportFailure(end.how));
  if (!reader.precisions) throw new ProblemError(reportNoResult());
  return finish(context, reader.precisions);
};

function finish({ folder, config }: StageContext<'detection'>, precisions: AveragePrecisions) {
  const { configFile, options } = config.recipe;
  writeFileAtomic(path.join(folder, DETECTION_FILE), [
    `${JSON.stringify({ configFile, options, ...precisions }, null, 2)}\n`,
  ]);
  return {
    state: 'done',
    metrics: { ...precisions },
    outputs: [DETECTRON_FILE, DETECTION_FILE],
    images: 0,
    imagesPerSecond: null,
  } as const;
}

/** As detection/README.md of facebookresearch/moco calls its script, with the places of this stage. */
function listArguments({ configFile, gpus, options }: DetectionRecipe, folder: string): string[] {
  const output = path.join(folder, OUTPUT);
  const settings = Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
  return [
    TRAIN_SCRIPT,
    '--config-file',
    configFile,
    '--num-gpus',
    String(gpus),
    ...(existsSync(path.join(output, 'last_checkpoint')) ? ['--resume'] : []),
    'MODEL.WEIGHTS',
    path.join(folder, DETECTRON_FILE),
    'OUTPUT_DIR',
    output,
    ...settings,
  ];
}

/** Every line is a sign of life; those of training say how far it is. */
function reportLine(context: StageContext<'detection'>, line: string): void {
  const progress = readProgress(line);
  const total = readIterations(context.config.recipe);
  context.report({
    phase: progress ? 'Detectron2 trains' : 'Detectron2',
    done: progress?.iteration ?? 0,
    total: progress ? Math.max(total, progress.iteration) : 0,
    meters: progress ? { loss: progress.loss } : {},
  });
}

/** Iterations by the settings or the configuration; 0 where neither says. */
function readIterations({ options, folder, configFile }: DetectionRecipe): number {
  const set = options['SOLVER.MAX_ITER'];
  if (set !== undefined) return Number(set);
  const text = readFileSync(path.resolve(folder, configFile), 'utf8');
  return Number(/^\s*MAX_ITER:\s*(\d+)/m.exec(text)?.[1] ?? 0);
}

function refuseModel({ arch, stem, width }: ModelConfig): void {
  if (arch === 'resnet50' && stem === 'imagenet' && width === 64) return;
  throw new ProblemError({
    code: 'STAGE_DETECTION_MODEL',
    message: `Expected a ResNet-50 with the ImageNet stem for detection but the encoder is ${arch}, stem ${stem}, width ${width}.`,
    hint: 'The detector is R50-C4: pre-train with model.arch resnet50, or leave detection out.',
  });
}

function reportAbsent(reason: string) {
  return {
    code: 'STAGE_DETECTION_ABSENT',
    message: `Expected Detectron2 on this machine but there is ${reason}.`,
    hint: 'Name a Python that has it (python, $MOCO_DETECTRON2_PYTHON), and the detection folder of a clone of facebookresearch/moco (folder).',
  };
}

function reportFailure(how: string) {
  return {
    code: 'STAGE_DETECTION_FAILED',
    message: `Expected Detectron2 to train to its end but it ${how}.`,
    hint: 'The last lines of the log are its own words. Run again: it goes on from its last checkpoint.',
  };
}

function reportNoResult() {
  return {
    code: 'STAGE_DETECTION_NO_RESULT',
    message:
      'Expected AP, AP50 and AP75 of boxes in the log of Detectron2 but it ended well and reported none.',
    hint: 'Check that configFile evaluates: DATASETS.TEST, and an evaluator in train_net.py.',
  };
}
