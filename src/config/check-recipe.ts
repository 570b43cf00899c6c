// What a schema cannot say: rules between values of a recipe, and between a recipe and its data.

import type { Problem } from '../core/problem.ts';
import { isDeterministic } from './image-ops.ts';
import type { Located } from './located.ts';
import type { ImageOp, KnnRecipe, LinclsRecipe, PretrainRecipe } from './schema/recipe.generated.ts';
import { locate } from './validate.ts';

type AnyRecipe = PretrainRecipe | LinclsRecipe | KnnRecipe;

/** Rules of one recipe. `node` tells the places; `trainSize` is null where it takes a look at the disk. */
export function checkRecipe(
  recipe: AnyRecipe,
  {
    node,
    prefix,
    trainSize,
  }: { readonly node: Located; readonly prefix: string; readonly trainSize: number | null },
): { problems: Problem[]; warnings: Problem[] } {
  const at = (path: string) => locate(node, path.split('.'));
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  problems.push(...checkPrecision(recipe, prefix, at));
  if (recipe.kind !== 'knn') problems.push(...checkMilestones(recipe, prefix, at));
  problems.push(...checkCrops(recipe, prefix, at));
  if (recipe.kind !== 'knn') problems.push(...checkShares(recipe, prefix, at));
  if (recipe.kind === 'pretrain' && recipe.method === 'moco') {
    problems.push(...checkQueue(recipe, prefix, at), ...checkSplits(recipe, prefix, at));
    warnings.push(...checkShuffle(recipe, prefix, at));
    if (trainSize !== null) {
      const found = checkQueueAgainstData(recipe, trainSize, prefix);
      problems.push(...found.problems.map((problem) => ({ ...problem, ...at('moco.queueSize') })));
      warnings.push(...found.warnings.map((warning) => ({ ...warning, ...at('moco.queueSize') })));
    }
  }
  if (recipe.kind === 'pretrain' && recipe.method === 'pretrained' && recipe.checkpoint === undefined) {
    problems.push({ ...reportNoCheckpoint(prefix), ...at('method') });
  }
  if (recipe.kind === 'pretrain' && recipe.method !== 'moco' && recipe.resume !== undefined) {
    problems.push({ ...reportResume(recipe, prefix), ...at('resume') });
  }
  return { problems, warnings };
}

type Place = (path: string) => Pick<Problem, 'where'>;

/** tf32 is a permission that any engine can leave unused; bf16 is another arithmetic. */
function checkPrecision({ engine, precision }: AnyRecipe, prefix: string, at: Place): Problem[] {
  if (precision !== 'bf16' || engine === 'torch' || engine === 'auto') return [];
  return [
    {
      code: 'CONFIG_PRECISION',
      message: `Expected ${prefix}precision to be fp32 or tf32 for the engine ${engine} but received bf16.`,
      hint: 'Only the engine torch computes in bf16.',
      ...at('precision'),
    },
  ];
}

function checkQueue({ moco, batchSize }: PretrainRecipe, prefix: string, at: Place): Problem[] {
  if (moco.queueSize % batchSize === 0) return [];
  const below = Math.floor(moco.queueSize / batchSize) * batchSize;
  const fitting = [below, below + batchSize].filter((size) => size > 0).join(' or ');
  return [
    {
      code: 'CONFIG_QUEUE_NOT_DIVISIBLE',
      message: `Expected ${prefix}moco.queueSize to be divisible by batchSize ${batchSize} but received ${moco.queueSize}.`,
      hint: `Sizes that fit: ${fitting}.`,
      ...at('moco.queueSize'),
    },
  ];
}

/** Every device gets the same share of a batch. */
function checkShares(
  { devices, batchSize }: PretrainRecipe | LinclsRecipe,
  prefix: string,
  at: Place,
): Problem[] {
  if (batchSize % devices === 0) return [];
  const below = Math.floor(batchSize / devices) * devices;
  const fitting = [below, below + devices].filter((size) => size > 0).join(' or ');
  return [
    {
      code: 'CONFIG_BATCH_NOT_DIVISIBLE',
      message: `Expected ${prefix}batchSize to be divisible by the ${devices} devices of a training but received ${batchSize}.`,
      hint: `Sizes that fit: ${fitting}. It is the whole batch, over all devices.`,
      ...at('batchSize'),
    },
  ];
}

function checkSplits({ model, batchSize, devices }: PretrainRecipe, prefix: string, at: Place): Problem[] {
  const parts = model.bn === 'plain' ? 1 : Number(model.bn.slice('split '.length));
  const share = batchSize / devices;
  if (share % parts === 0 || !Number.isInteger(share)) return [];
  const what = devices === 1 ? `batchSize ${batchSize}` : `the ${share} images of each device`;
  return [
    {
      code: 'CONFIG_SPLIT_NOT_DIVISIBLE',
      message: `Expected ${what} to be divisible by the parts of ${prefix}model.bn but received ${JSON.stringify(model.bn)}.`,
      hint: 'The CIFAR demo of the authors uses split 8 at batch 512.',
      ...at('model.bn'),
    },
  ];
}

/** Statistics over the whole batch are the same in any order: what they tell of a key, they tell its query. */
function checkShuffle({ model, moco, devices }: PretrainRecipe, prefix: string, at: Place): Problem[] {
  if (devices > 1 || model.bn !== 'plain' || !moco.shuffleBn) return [];
  return [
    {
      code: 'CONFIG_SHUFFLE_BN_ALONE',
      message: `Expected several devices or model.bn split N for ${prefix}moco.shuffleBn but one device computes BatchNorm over the whole batch.`,
      hint: 'In any order its statistics are those of the query’s own batch, so shuffling hides nothing. model.bn: split 8 computes them over 8 parts, as 8 devices would; moco.shuffleBn: false accepts it.',
      ...at('moco.shuffleBn'),
    },
  ];
}

/** The queue must be smaller than the data set; larger than a tenth of it, keys of the same image meet. */
export function checkQueueAgainstData(
  { moco, batchSize }: PretrainRecipe,
  trainSize: number,
  prefix: string,
): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  if (batchSize > trainSize) {
    problems.push({
      code: 'CONFIG_BATCH_TOO_LARGE',
      message: `Expected ${prefix}batchSize to be at most the ${trainSize} training images but received ${batchSize}.`,
      hint: 'Lower batchSize, or raise data.limit.',
    });
  }
  if (moco.queueSize > trainSize) {
    problems.push({
      code: 'CONFIG_QUEUE_TOO_LARGE',
      message: `Expected ${prefix}moco.queueSize to be at most the ${trainSize} training images but received ${moco.queueSize}.`,
      hint: 'Negatives would be other crops of the query’s own image. A tenth of the images is safe.',
    });
  } else if (moco.queueSize > trainSize / 10) {
    warnings.push({
      code: 'CONFIG_QUEUE_LARGE',
      message: `${prefix}moco.queueSize ${moco.queueSize} is more than a tenth of the ${trainSize} training images.`,
      hint: 'Some negatives will be crops of the query’s own image.',
    });
  }
  return { problems, warnings };
}

function checkMilestones(
  { schedule, epochs }: PretrainRecipe | LinclsRecipe,
  prefix: string,
  at: Place,
): Problem[] {
  const { policy, milestones } = schedule;
  if (policy !== 'step') return [];
  const wrong = milestones.find(
    (milestone, i) => milestone >= epochs || milestone <= (milestones[i - 1] ?? 0),
  );
  if (wrong === undefined) return [];
  return [
    {
      code: 'CONFIG_MILESTONES',
      message: `Expected ${prefix}schedule.milestones to rise and stay below epochs ${epochs} but received ${JSON.stringify(milestones)}.`,
      hint: 'MoCo v1 uses [120, 160] of 200 epochs, linear classification [60, 80] of 100.',
      ...at('schedule.milestones'),
    },
  ];
}

const SIZING = ['randomResizedCrop', 'randomCrop', 'centerCrop'];

/** Batches need images of one size; random operations have no place in an evaluation. */
function checkCrops(recipe: AnyRecipe, prefix: string, at: Place): Problem[] {
  const lists: [string, readonly ImageOp[]][] = [];
  if (recipe.kind !== 'knn') lists.push(['augment', recipe.augment]);
  if (recipe.kind !== 'pretrain') lists.push(['evalTransform', recipe.evalTransform]);
  const sized = recipe.data.dataset !== 'imagefolder';
  return lists.flatMap(([key, ops]) => {
    const problems: Problem[] = [];
    if (!sized && !ops.some(({ op }) => SIZING.includes(op))) {
      problems.push({
        code: 'CONFIG_NO_CROP',
        message: `Expected ${prefix}${key} to give images of one size but it has none of ${SIZING.join(', ')}.`,
        hint: 'ImageNet recipes end with a crop of 224.',
        ...at(key),
      });
    }
    const random = key === 'evalTransform' ? ops.findIndex((op) => !isDeterministic(op)) : -1;
    if (random >= 0) {
      problems.push({
        code: 'CONFIG_RANDOM_EVALUATION',
        message: `Expected only resize and centerCrop in ${prefix}evalTransform but found ${ops[random]!.op}.`,
        hint: 'Held-out images are judged as they are.',
        ...at(`${key}.${random}`),
      });
    }
    return problems;
  });
}

function reportNoCheckpoint(prefix: string): Omit<Problem, 'where'> {
  return {
    code: 'CONFIG_PRETRAINED_MISSING',
    message: `Expected a checkpoint for ${prefix}method pretrained but none is given.`,
    hint: 'Give it with --pretrained FILE, or as checkpoint.',
  };
}

function reportResume({ method }: PretrainRecipe, prefix: string): Omit<Problem, 'where'> {
  return {
    code: 'CONFIG_RESUME_WITHOUT_TRAINING',
    message: `Expected ${prefix}resume only with method moco but the method is ${method}.`,
    hint: 'To judge a checkpoint as it is, name it as checkpoint with method: pretrained.',
  };
}
