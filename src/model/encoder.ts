// A ResNet with its projection head on an engine: forward passes, and its tensors in and out under
// torchvision's names. NHWC and HWIO inside. Readable beside torchvision's resnet.py.

import type { ModelConfig } from '../config/schema/recipe.generated.ts';
import type { TensorMap } from '../core/host-tensor.ts';
import type { Engine } from '../engine/engine.ts';
import * as tf from '../engine/tf.ts';
import { applyBatchNorm, type NormMode, type NormTail, parseSplits } from './batch-norm.ts';
import { createEncoderState, type EncoderState } from './encoder-state.ts';
import { type HeadConfig, listState, type StateEntry } from './parameter-list.ts';
import { type BlockSpec, type ConvSpec, describeResNet } from './resnet-spec.ts';
import { drawStartValue } from './start-values.ts';

/** A network on an engine. Call inside `tf.tidy`: results are temporaries. */
export interface Encoder {
  /** Size of the pooled features. */
  readonly featureDim: number;
  /** Trained variables in torchvision's order; names are in `parameterNames`. */
  readonly parameters: readonly tf.Variable[];
  readonly parameterNames: readonly string[];
  /**
   * Backbone and head.
   *
   * @param x images [N, S, S, 3], normalised
   * @returns head's output [N, dim], not normalised; the features [N, featureDim] where there is no head
   */
  encode(x: tf.Tensor4D, options: { readonly training: boolean }): tf.Tensor2D;
  /** To be told of every `encode` in training: PyTorch's `num_batches_tracked`, which no engine keeps. */
  countBatches(count: number): void;
  /** Pooled features of the backbone in eval mode. [N, S, S, 3] -> [N, featureDim] */
  extractFeatures(x: tf.Tensor4D): tf.Tensor2D;
  /** All tensors in PyTorch's layout, in state_dict order. */
  toTensors(): Promise<TensorMap>;
  /** Replaces all tensors. Throws MODEL_STATE_MISMATCH unless names and shapes are exactly these. */
  loadTensors(tensors: TensorMap): void;
  dispose(): void;
}

/** What an encoder is made from. */
export interface EncoderOptions {
  readonly engine: Engine;
  readonly model: ModelConfig;
  /** Absent: the backbone alone. */
  readonly head?: HeadConfig;
  /** Seed of the start values. */
  readonly seed: number;
  /** An encoder of the same model and head whose parameters this one starts with, instead of drawing them. */
  readonly copyOf?: Encoder;
}

/** Creates an encoder with random start values, or with another's. */
export function createEncoder({ engine, model, head, seed, copyOf }: EncoderOptions): Encoder {
  const copied = new Map(
    copyOf?.parameters.map((value, i) => [copyOf.parameterNames[i]!, value as tf.Tensor]),
  );
  const draw = (entry: StateEntry) => drawStartValue(entry, seed);
  const state = createEncoderState(listState(model, head), { copied, draw });
  const resnet = describeResNet(model);
  const splits = parseSplits(model.bn);
  const backbone = (x: tf.Tensor4D, mode: NormMode) => {
    const stem = convolve(engine, state, x, { spec: resnet.stem, mode, tail: { relu: true } });
    const pooled = resnet.maxPool ? engine.ops.maxPool(stem, { size: 3, stride: 2, padding: 1 }) : stem;
    const last = resnet.blocks.reduce((y, block) => applyBlock(engine, state, y, { block, mode }), pooled);
    return tf.mean(last, [1, 2]) as tf.Tensor2D;
  };
  return {
    featureDim: resnet.featureDim,
    parameters: state.parameters,
    parameterNames: state.parameterNames,
    encode: (x, { training }) => applyHead(engine, state, backbone(x, { training, splits }), head),
    extractFeatures: (x) => backbone(x, { training: false, splits: 1 }),
    countBatches: state.countBatches,
    toTensors: state.toTensors,
    loadTensors: state.loadTensors,
    dispose: state.dispose,
  };
}

/**
 * conv - bn - relu - (conv - bn - relu -) conv - bn, plus the shortcut, relu. Tidies up after every layer, so that
 * the key encoder, which has no backward pass, holds few activations at a time.
 */
function applyBlock(
  engine: Engine,
  state: EncoderState,
  x: tf.Tensor4D,
  { block, mode }: { readonly block: BlockSpec; readonly mode: NormMode },
): tf.Tensor4D {
  const { convs, downsample } = block;
  return tf.tidy(() => {
    const inner = convs
      .slice(0, -1)
      .reduce((y, spec) => convolve(engine, state, y, { spec, mode, tail: { relu: true } }), x);
    const residual = downsample
      ? convolve(engine, state, x, { spec: downsample, mode, tail: { relu: false } })
      : x;
    return convolve(engine, state, inner, { spec: convs.at(-1)!, mode, tail: { relu: true, residual } });
  });
}

/** A convolution with its BatchNorm and what follows. */
function convolve(
  engine: Engine,
  state: EncoderState,
  x: tf.Tensor4D,
  { spec, mode, tail }: { readonly spec: ConvSpec; readonly mode: NormMode; readonly tail: NormTail },
): tf.Tensor4D {
  const filter = state.variable(`${spec.name}.weight`) as unknown as tf.Tensor4D;
  const options = { stride: spec.stride, padding: spec.padding, groups: spec.groups };
  return tf.tidy(() => {
    const y = engine.ops.conv2d(x, filter, options);
    return applyBatchNorm(engine, y, { state: state.norm(spec.norm), mode, tail });
  });
}

function applyHead(
  engine: Engine,
  state: EncoderState,
  x: tf.Tensor2D,
  head: HeadConfig | undefined,
): tf.Tensor2D {
  if (!head) return x;
  const linear = (input: tf.Tensor2D, name: string) =>
    engine.ops.linear(
      input,
      state.variable(`${name}.weight`) as unknown as tf.Tensor2D,
      state.variable(`${name}.bias`) as unknown as tf.Tensor1D,
    );
  if (!head.mlp) return linear(x, 'fc');
  return linear(tf.relu(linear(x, 'fc.0')), 'fc.2');
}
