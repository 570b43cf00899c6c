// The one door to TensorFlow.js: every tfjs op and type that the rest of the program may use.
// Nothing outside engine/ imports @tensorflow/*. Chained ops are not registered: call functions.
// Differentiable are the ones with a gradient in gradients.ts; the fused ones are in Engine.ops.

export type {
  Scalar,
  Tensor,
  Tensor1D,
  Tensor2D,
  Tensor4D,
  Variable,
} from '@tensorflow/tfjs-core';
export {
  add,
  clone,
  concat,
  dispose,
  div,
  gather,
  keep,
  mean,
  mul,
  relu,
  reshape,
  scalar,
  slice,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  tensor1d,
  tensor2d,
  tensor4d,
  tidy,
  transpose,
  variable,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
