/* Generated from the JSON Schema beside it by `npm run generate`. Do not edit. */

export type ParityCase = TrainingCase | LinclsCase | AugmentCase;
/**
 * torchvision name of the network.
 */
export type Arch =
  'resnet18' | 'resnet34' | 'resnet50' | 'resnet101' | 'resnet152' | 'wide_resnet50_2' | 'resnext50_32x4d';

/**
 * Steps of MoCo: the output of make_golden.py.
 */
export interface TrainingCase {
  /**
   * Where the numbers come from.
   */
  about?: string;
  config: TrainingCaseConfig;
  /**
   * One entry a step.
   */
  steps: TrainingCaseStep[];
}
/**
 * The flags of make_golden.py.
 */
export interface TrainingCaseConfig {
  arch: Arch;
  /**
   * Size of the projected features.
   */
  dim: number;
  /**
   * Columns of the queue; divisible by batch.
   */
  K: number;
  /**
   * Share of the old key encoder in its update.
   */
  m: number;
  /**
   * Temperature.
   */
  T: number;
  /**
   * A projection head of two layers.
   */
  mlp: boolean;
  /**
   * A cosine schedule over the steps; else the rate is constant.
   */
  cos: boolean;
  /**
   * Images a step, over all ranks.
   */
  batch: number;
  /**
   * Side of the images.
   */
  size: number;
  /**
   * Learning rate at the start.
   */
  lr: number;
  /**
   * Weight decay.
   */
  wd: number;
  /**
   * Steps of the schedule.
   */
  steps: number;
  /**
   * Processes that share the batch.
   */
  ranks: number;
}
/**
 * What PyTorch had after a step, in float64; float32_*: the same in float32.
 */
export interface TrainingCaseStep {
  /**
   * Learning rate.
   */
  lr: number;
  /**
   * Mean loss.
   */
  loss: number;
  /**
   * Loss of each rank's part of the batch.
   */
  loss_per_rank: number[];
  /**
   * The loss of the float32 run.
   */
  float32_loss: number;
  /**
   * Per query of the whole batch, its logit with its own key.
   */
  positive_logits: number[];
  /**
   * Norm of all gradients together.
   */
  grad_norm: number;
  /**
   * The norm of the float32 run.
   */
  float32_grad_norm: number;
  /**
   * Norms of tensors of the query encoder, by name.
   */
  query_norms: {
    [k: string]: number;
  };
  /**
   * Norms of tensors of the key encoder, by name.
   */
  key_norms: {
    [k: string]: number;
  };
  /**
   * First values of tensors of the query encoder, by name.
   */
  query_first_values: {
    [k: string]: number[];
  };
  /**
   * Column that the next key replaces.
   */
  queue_ptr: number;
  /**
   * Rows 0 to 3, columns 0 to 3.
   */
  queue_head: number[];
  /**
   * Norm of the queue.
   */
  queue_norm: number;
}
/**
 * Linear classification and kNN: the output of make_lincls_golden.py.
 */
export interface LinclsCase {
  /**
   * Where the numbers come from.
   */
  about?: string;
  config: LinclsCaseConfig;
  /**
   * One entry a step.
   */
  lincls: LinclsCaseStep[];
  knn: KnnCase;
}
/**
 * The flags of make_lincls_golden.py.
 */
export interface LinclsCaseConfig {
  arch: Arch;
  /**
   * Number of classes.
   */
  classes: number;
  /**
   * Images a step.
   */
  batch: number;
  /**
   * Side of the images.
   */
  size: number;
  /**
   * Learning rate.
   */
  lr: number;
}
/**
 * What PyTorch had at a step: loss, accuracy and logits before its update, fc after it.
 */
export interface LinclsCaseStep {
  /**
   * Mean loss.
   */
  loss: number;
  /**
   * Top-1 accuracy, percent.
   */
  acc1: number;
  /**
   * Top-3 accuracy, percent.
   */
  acc3: number;
  /**
   * Norm of fc.weight.
   */
  fc_weight_norm: number;
  /**
   * All of fc.bias.
   */
  fc_bias: number[];
  /**
   * Logits of the first two images.
   */
  logits_head: number[];
}
/**
 * Weighted kNN over 200 features of 32 values and 10 classes.
 */
export interface KnnCase {
  /**
   * Neighbours that vote.
   */
  k: number;
  /**
   * Temperature.
   */
  t: number;
  /**
   * Classes of the 20 queries.
   *
   * @minItems 20
   * @maxItems 20
   */
  predicted: [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number
  ];
  /**
   * Scores of the first query.
   *
   * @minItems 10
   * @maxItems 10
   */
  scores_head: [number, number, number, number, number, number, number, number, number, number];
}
/**
 * Image operations: the output of make_augment_golden.py.
 */
export interface AugmentCase {
  /**
   * Where the pixels come from.
   */
  about?: string;
  input: PackedImage;
  /**
   * Results by the name of the operation.
   */
  ops: {
    [k: string]: PackedImage;
  };
  normalize: NormalizeCase;
  random_resized_crop: CropStatistics;
}
/**
 * An image in uint8 RGB, rows top to bottom.
 */
export interface PackedImage {
  /**
   * Rows.
   */
  height: number;
  /**
   * Columns.
   */
  width: number;
  /**
   * The bytes in base64.
   */
  rgb_base64: string;
}
/**
 * The input, normalised.
 */
export interface NormalizeCase {
  /**
   * Subtracted.
   *
   * @minItems 3
   * @maxItems 3
   */
  mean: [number, number, number];
  /**
   * Divided by.
   *
   * @minItems 3
   * @maxItems 3
   */
  std: [number, number, number];
  /**
   * Its three channels.
   *
   * @minItems 3
   * @maxItems 3
   */
  first_pixel: [number, number, number];
  /**
   * Means of the three channels.
   *
   * @minItems 3
   * @maxItems 3
   */
  channel_means: [number, number, number];
}
/**
 * Means of many boxes of RandomResizedCrop(scale=(0.2, 1)).
 */
export interface CropStatistics {
  /**
   * Size of the image.
   */
  image: string;
  /**
   * Number of boxes.
   */
  draws: number;
  /**
   * Means of top, left, height and width.
   *
   * @minItems 4
   * @maxItems 4
   */
  mean: [number, number, number, number];
  /**
   * Standard deviations of top, left, height and width.
   *
   * @minItems 4
   * @maxItems 4
   */
  std: [number, number, number, number];
  /**
   * Mean share of the area.
   */
  mean_area_fraction: number;
}
