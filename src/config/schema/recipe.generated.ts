/* Placeholder of the types that tools/generate-config-types.mjs generates from recipe.schema.json. Same names, same shapes. */
export type Arch = 'resnet18' | 'resnet34' | 'resnet50' | 'resnet101' | 'resnet152' | 'wide_resnet50_2' | 'resnext50_32x4d';
export type EngineName = 'auto' | 'cpu' | 'wasm';
/** `plain` or `split N` (SplitBatchNorm with N parts of the batch, statistics apart in training). */
export type BatchNormKind = string;
export interface ModelConfig { arch: Arch; stem: 'imagenet' | 'cifar'; /** channels of the first stage, 64 in the paper */ width: number; bn: BatchNormKind; }
export interface MocoConfig { dim: number; queueSize: number; keyMomentum: number; temperature: number; mlp: boolean; symmetric: boolean; shuffleBn: boolean; }
export interface OptimizerConfig { lr: number; momentum: number; weightDecay: number; }
/** policy step: lr * gamma^(milestones passed); cosine: lr * 0.5 * (1 + cos(pi * epoch / epochs)); constant. Per epoch. */
export interface ScheduleConfig { policy: 'step' | 'cosine' | 'constant'; milestones: number[]; gamma: number; }
export interface DataConfig {
  dataset: 'cifar10' | 'imagefolder' | 'synthetic';
  /** folder with train/ and val/ (imagefolder), or of the binary CIFAR-10 release; absent: the cache that `moco data fetch` fills */
  root?: string;
  /** class-balanced, seeded subset; absent: everything */
  limit?: { train?: number; val?: number; seed: number };
  mean: [number, number, number];
  std: [number, number, number];
  /** only for dataset synthetic */
  synthetic?: { classes: number; train: number; val: number; size: number };
}
export type ImageOp =
  | { op: 'randomResizedCrop'; size: number; scale: [number, number]; ratio: [number, number] }
  | { op: 'randomHorizontalFlip'; p: number }
  | { op: 'colorJitter'; brightness: number; contrast: number; saturation: number; hue: number; p: number }
  | { op: 'randomGrayscale'; p: number }
  | { op: 'gaussianBlur'; sigma: [number, number]; p: number }
  | { op: 'randomCrop'; size: number; padding: number }
  | { op: 'resize'; size: number }
  | { op: 'centerCrop'; size: number };
export interface LoaderConfig { /** worker threads that decode and augment; 0 = auto */ threads: number; /** batches made ahead */ prefetch: number; }
export interface CheckpointConfig { /** write one every N epochs and at the end */ everyEpochs: number; }
export interface PretrainRecipe {
  kind: 'pretrain'; name: string; method: 'moco' | 'untrained' | 'pretrained'; engine: EngineName; /** only for method pretrained */ checkpoint?: string;
  epochs: number; batchSize: number; model: ModelConfig; moco: MocoConfig; optimizer: OptimizerConfig; schedule: ScheduleConfig;
  data: DataConfig; augment: ImageOp[]; loader: LoaderConfig; checkpointing: CheckpointConfig;
}
export interface LinclsRecipe {
  kind: 'lincls'; name: string; engine: EngineName; epochs: number; batchSize: number; optimizer: OptimizerConfig; schedule: ScheduleConfig;
  init: { /** std of fc.weight */ std: number }; data: DataConfig; augment: ImageOp[]; evalTransform: ImageOp[]; loader: LoaderConfig; checkpointing: CheckpointConfig;
}
export interface KnnRecipe {
  kind: 'knn'; name: string; engine: EngineName; batchSize: number; k: number; temperature: number; features: 'backbone' | 'projection';
  data: DataConfig; evalTransform: ImageOp[]; loader: LoaderConfig;
}
