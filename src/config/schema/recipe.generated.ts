/* Generated from the JSON Schema beside it by `npm run generate`. Do not edit. */

export type Recipe = PretrainRecipe | LinclsRecipe | KnnRecipe | DetectionRecipe;
/**
 * What computes. auto takes the fastest that starts; cpu is the slow reference.
 */
export type EngineName = 'auto' | 'torch' | 'tensorflow' | 'wasm' | 'cpu';
/**
 * How numbers are kept on their way through the network. fp32: float32 everywhere. tf32: a GPU may round the factors of convolutions and matrix products to 10 bits; a CPU computes as in fp32. bf16: activations and convolutions in bfloat16; weights, statistics, loss and updates stay float32.
 */
export type Precision = 'fp32' | 'tf32' | 'bf16';
/**
 * torchvision name of the network.
 */
export type Arch =
  'resnet18' | 'resnet34' | 'resnet50' | 'resnet101' | 'resnet152' | 'wide_resnet50_2' | 'resnext50_32x4d';
/**
 * One image operation; they run in the order of the list.
 */
export type ImageOp =
  | RandomResizedCrop
  | RandomHorizontalFlip
  | ColorJitter
  | RandomGrayscale
  | GaussianBlur
  | RandomCrop
  | Resize
  | CenterCrop;

/**
 * Trains an encoder without labels.
 */
export interface PretrainRecipe {
  /**
   * Pre-training.
   */
  kind: 'pretrain';
  /**
   * Names the run. Default: the file name.
   */
  name: string;
  /**
   * moco; untrained: the encoder as it is initialised; pretrained: a checkpoint.
   */
  method: 'moco' | 'untrained' | 'pretrained';
  engine: EngineName;
  precision: Precision;
  /**
   * Checkpoint file; only for method pretrained.
   */
  checkpoint?: string;
  /**
   * Checkpoint of a pre-training to go on from, ours or facebookresearch/moco's; only for method moco.
   */
  resume?: string;
  /**
   * Passes over the training images.
   */
  epochs: number;
  /**
   * Devices that a training takes together, each with its share of the batch; launch.devicesPerTrial overrides it.
   */
  devices: number;
  /**
   * Images a step, over all devices.
   */
  batchSize: number;
  model: ModelConfig;
  moco: MocoConfig;
  optimizer: OptimizerConfig;
  schedule: ScheduleConfig;
  data: DataConfig;
  /**
   * Makes each of the two crops.
   */
  augment: ImageOp[];
  loader: LoaderConfig;
  checkpointing: CheckpointConfig;
  monitor?: MonitorConfig;
}
/**
 * The backbone.
 */
export interface ModelConfig {
  arch: Arch;
  /**
   * imagenet: 7x7 convolution with stride 2 and max-pooling; cifar: 3x3 convolution, no pooling.
   */
  stem: 'imagenet' | 'cifar';
  /**
   * Channels of the first stage; the others double it. 64 is the published network.
   */
  width: number;
  /**
   * BatchNorm over the whole batch (plain), or over N parts of it apart in training (split N), as N devices would.
   */
  bn: string;
}
/**
 * Momentum contrast.
 */
export interface MocoConfig {
  /**
   * Size of the projected features.
   */
  dim: number;
  /**
   * Number of negatives in the queue, K. Divisible by batchSize.
   */
  queueSize: number;
  /**
   * Share of the old key encoder in its update, m.
   */
  keyMomentum: number;
  /**
   * Divides the logits, T.
   */
  temperature: number;
  /**
   * Projection head of two layers with a ReLU between, instead of one.
   */
  mlp: boolean;
  /**
   * Each crop is query once and key once; the loss is the sum.
   */
  symmetric: boolean;
  /**
   * Keys pass the encoder in another order than queries.
   */
  shuffleBn: boolean;
}
/**
 * SGD with momentum, as torch.optim.SGD.
 */
export interface OptimizerConfig {
  /**
   * Learning rate at the start. auto: the one that the recipe below has, times batchSize over the batch it was chosen for.
   */
  lr: number;
  /**
   * Share of the old velocity.
   */
  momentum: number;
  /**
   * Added to the gradient, times the parameter; on every parameter.
   */
  weightDecay: number;
}
/**
 * How the learning rate falls, epoch by epoch.
 */
export interface ScheduleConfig {
  /**
   * step: times gamma at each milestone; cosine: lr * 0.5 * (1 + cos(pi * epoch / epochs)); constant.
   */
  policy: 'step' | 'cosine' | 'constant';
  /**
   * Epochs at which the rate drops; only for step.
   */
  milestones: number[];
  /**
   * Factor at a milestone.
   */
  gamma: number;
}
/**
 * Images and their classes.
 */
export interface DataConfig {
  /**
   * cifar10 (see moco data fetch), imagefolder (train/ and val/ with a folder a class), or synthetic.
   */
  dataset: 'cifar10' | 'imagefolder' | 'synthetic';
  /**
   * Folder of the images; for cifar10 that of the binary release, absent: the cache. Relative to the working folder.
   */
  root?: string;
  limit?: LimitConfig;
  /**
   * Mean of the channels, subtracted, of 1.
   *
   * @minItems 3
   * @maxItems 3
   */
  mean: [number, number, number];
  /**
   * Standard deviation of the channels, divided by.
   *
   * @minItems 3
   * @maxItems 3
   */
  std: [number, number, number];
  synthetic?: SyntheticConfig;
}
/**
 * A class-balanced, seeded subset.
 */
export interface LimitConfig {
  /**
   * Training images.
   */
  train?: number;
  /**
   * Held-out images.
   */
  val?: number;
  /**
   * Which subset.
   */
  seed: number;
}
/**
 * A made-up set, for tests.
 */
export interface SyntheticConfig {
  /**
   * Number of classes.
   */
  classes: number;
  /**
   * Training images.
   */
  train: number;
  /**
   * Held-out images.
   */
  val: number;
  /**
   * Side of the images.
   */
  size: number;
}
/**
 * Image operation randomResizedCrop.
 */
export interface RandomResizedCrop {
  /**
   * Which operation.
   */
  op: 'randomResizedCrop';
  /**
   * Side of the result.
   */
  size: number;
  /**
   * Share of the area, least and most.
   *
   * @minItems 2
   * @maxItems 2
   */
  scale: [number, number];
  /**
   * Width over height, least and most.
   *
   * @minItems 2
   * @maxItems 2
   */
  ratio: [number, number];
}
/**
 * Image operation randomHorizontalFlip.
 */
export interface RandomHorizontalFlip {
  /**
   * Which operation.
   */
  op: 'randomHorizontalFlip';
  /**
   * Probability.
   */
  p: number;
}
/**
 * Image operation colorJitter.
 */
export interface ColorJitter {
  /**
   * Which operation.
   */
  op: 'colorJitter';
  /**
   * Largest change of brightness.
   */
  brightness: number;
  /**
   * Largest change of contrast.
   */
  contrast: number;
  /**
   * Largest change of saturation.
   */
  saturation: number;
  /**
   * Largest change of hue.
   */
  hue: number;
  /**
   * Probability.
   */
  p: number;
}
/**
 * Image operation randomGrayscale.
 */
export interface RandomGrayscale {
  /**
   * Which operation.
   */
  op: 'randomGrayscale';
  /**
   * Probability.
   */
  p: number;
}
/**
 * Image operation gaussianBlur.
 */
export interface GaussianBlur {
  /**
   * Which operation.
   */
  op: 'gaussianBlur';
  /**
   * Standard deviation, least and most, in pixels.
   *
   * @minItems 2
   * @maxItems 2
   */
  sigma: [number, number];
  /**
   * Probability.
   */
  p: number;
}
/**
 * Image operation randomCrop.
 */
export interface RandomCrop {
  /**
   * Which operation.
   */
  op: 'randomCrop';
  /**
   * Side of the result.
   */
  size: number;
  /**
   * Black border added on each side first.
   */
  padding: number;
}
/**
 * Image operation resize.
 */
export interface Resize {
  /**
   * Which operation.
   */
  op: 'resize';
  /**
   * Length of the shorter side.
   */
  size: number;
}
/**
 * Image operation centerCrop.
 */
export interface CenterCrop {
  /**
   * Which operation.
   */
  op: 'centerCrop';
  /**
   * Side of the result.
   */
  size: number;
}
/**
 * How batches are made. Changes no result, but for images that nobody can read.
 */
export interface LoaderConfig {
  /**
   * Threads that decode and augment; 0: one less than the cores of the device, at least 1.
   */
  threads: number;
  /**
   * Batches made ahead.
   */
  prefetch: number;
  /**
   * What a training image that cannot be read does: end the stage, or be passed over: the next image of the data set stands in its place. Held-out images always end the stage.
   */
  onBadImage: 'fail' | 'skip';
  /**
   * With onBadImage skip: so many different images may be passed over; one more ends the stage.
   */
  maxBadImages: number;
}
/**
 * When checkpoints are written, and which stay. Changes no result.
 */
export interface CheckpointConfig {
  /**
   * One after every N epochs, and after the last.
   */
  everyEpochs: number;
  /**
   * In the middle of an epoch, one when so much time has gone since the last: what a kill may cost.
   */
  everyMinutes: number;
  /**
   * Which stay beside the last, which always does: none (last), those of every Nth epoch (every N), or all.
   */
  keep: string;
}
/**
 * What is measured of the encoder while it trains. Changes no result.
 */
export interface MonitorConfig {
  knn?: KnnMonitor;
}
/**
 * Weighted kNN on the held-out images, with the training images as bank.
 */
export interface KnnMonitor {
  /**
   * After every N epochs, and after the last.
   */
  every: number;
  /**
   * Neighbours that vote.
   */
  k: number;
  /**
   * A neighbour votes exp(similarity / temperature).
   */
  temperature: number;
  /**
   * Pooled features of the backbone, or the output of the projection head; both normalised.
   */
  features: 'backbone' | 'projection';
  /**
   * Prepares the images; no random operation.
   */
  evalTransform: ImageOp[];
}
/**
 * Linear classification on the frozen backbone.
 */
export interface LinclsRecipe {
  /**
   * Linear classification.
   */
  kind: 'lincls';
  /**
   * Names the run. Default: the file name.
   */
  name: string;
  engine: EngineName;
  precision: Precision;
  model?: ModelConfig;
  /**
   * Passes over the training images.
   */
  epochs: number;
  /**
   * Devices that a training takes together, each with its share of the batch; launch.devicesPerTrial overrides it.
   */
  devices: number;
  /**
   * Images a step, over all devices.
   */
  batchSize: number;
  optimizer: OptimizerConfig;
  schedule: ScheduleConfig;
  init: InitConfig;
  data: DataConfig;
  /**
   * Prepares training images.
   */
  augment: ImageOp[];
  /**
   * Prepares held-out images; no random operation.
   */
  evalTransform: ImageOp[];
  loader: LoaderConfig;
  checkpointing: ProbeCheckpointConfig;
}
/**
 * How fc starts; its bias is 0.
 */
export interface InitConfig {
  /**
   * Standard deviation of fc.weight.
   */
  std: number;
}
/**
 * When classifiers are written, and which stay. Changes no result.
 */
export interface ProbeCheckpointConfig {
  /**
   * One after every N epochs, and after the last.
   */
  everyEpochs: number;
  /**
   * In the middle of an epoch, one when so much time has gone since the last: what a kill may cost.
   */
  everyMinutes: number;
  /**
   * Which stay beside the last, which always does: none (last), that of the best top-1 (best), further those of every Nth epoch (every N), or all.
   */
  keep: string;
}
/**
 * Weighted kNN with the training images as bank.
 */
export interface KnnRecipe {
  /**
   * kNN classification.
   */
  kind: 'knn';
  /**
   * Names the run. Default: the file name.
   */
  name: string;
  engine: EngineName;
  precision: Precision;
  model?: ModelConfig;
  /**
   * Images a forward pass.
   */
  batchSize: number;
  /**
   * Neighbours that vote.
   */
  k: number;
  /**
   * A neighbour votes exp(similarity / temperature).
   */
  temperature: number;
  /**
   * Pooled features of the backbone, or the output of the projection head; both normalised.
   */
  features: 'backbone' | 'projection';
  data: DataConfig;
  /**
   * Prepares held-out images; no random operation.
   */
  evalTransform: ImageOp[];
  loader: LoaderConfig;
}
/**
 * Transfer to detection: Detectron2 trains a detector from the encoder, by the scripts of facebookresearch/moco.
 */
export interface DetectionRecipe {
  /**
   * Detection transfer by Detectron2.
   */
  kind: 'detection';
  /**
   * Names the run. Default: the file name.
   */
  name: string;
  model?: ModelConfig;
  /**
   * Python that has Detectron2. auto: the first of $MOCO_DETECTRON2_PYTHON, python3 and python that can import it.
   */
  python: string;
  /**
   * Folder with train_net.py: detection/ of a clone of facebookresearch/moco.
   */
  folder: string;
  /**
   * Detectron2's configuration, relative to folder.
   */
  configFile: string;
  /**
   * GPUs that Detectron2 trains on; the batch is that of the configuration in any case.
   */
  gpus: number;
  /**
   * Settings of Detectron2 that win over the configuration, by their dotted names, such as SOLVER.MAX_ITER.
   */
  options: {
    [k: string]: string | number | boolean;
  };
}
