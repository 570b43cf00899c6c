// Convolution, max-pooling and the linear layer with PyTorch's explicit padding, on tfjs kernels.
// TensorFlow's 'same' pads only right and bottom at stride 2; PyTorch pads every side alike.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';

/** Grouped convolution splits channels, convolves each group and joins the results. */
export const conv2d: EngineOps['conv2d'] = (x, filter, { stride, padding, groups = 1 }) => {
  if (groups === 1) return tf.conv2d(x, filter, stride, padding) as tf.Tensor4D;
  const inputs = sliceChannels(x, groups);
  const filters = sliceChannels(filter, groups);
  const outputs = inputs.map((input, i) => tf.conv2d(input, filters[i]!, stride, padding) as tf.Tensor4D);
  return tf.concat(outputs, 3) as tf.Tensor4D;
};

/** Equal parts along the last axis, by slices: their gradient is a pad, which every backend has. */
function sliceChannels(x: tf.Tensor4D, parts: number): tf.Tensor4D[] {
  const [a, b, c, channels] = x.shape;
  const size = channels / parts;
  return Array.from({ length: parts }, (_, i) => tf.slice(x, [0, 0, 0, i * size], [a, b, c, size]));
}

/** Outside the image is minus infinity, as in PyTorch: padding never wins. */
export const maxPool: EngineOps['maxPool'] = (x, { size, stride, padding }) =>
  tf.maxPool(x, size, stride, padding);

/** A 1x1 convolution over one pixel: engines are at their fastest there. */
export const linear: EngineOps['linear'] = (x, weight, bias) => {
  const [n, inputs] = x.shape;
  const outputs = weight.shape[1];
  const product = tf.conv2d(
    tf.reshape(x, [n, 1, 1, inputs]) as tf.Tensor4D,
    tf.reshape(weight, [1, 1, inputs, outputs]) as tf.Tensor4D,
    1,
    0,
  );
  const flat = tf.reshape(product, [n, outputs]) as tf.Tensor2D;
  return bias ? tf.add(flat, bias) : flat;
};
