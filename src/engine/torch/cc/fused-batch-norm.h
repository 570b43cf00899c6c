// BatchNorm on a GPU: three or four short kernels a pass, compiled at run time, or ATen's operations where that is not
// possible. Tensors are [splits, M, C]; x, y, dy and the residual are float32 or bfloat16, all else float32.

#pragma once

#include <ATen/ATen.h>

namespace mocolab {

struct NormForward {
  at::Tensor x, scale, offset;
  /** Undefined where there is none. */
  at::Tensor residual;
  double epsilon;
  bool relu;
};

struct NormForwardResult {
  at::Tensor y, mean, variance;
};

NormForwardResult normalise(const NormForward& of);

struct NormBackward {
  at::Tensor dy, x;
  /** Output, for ReLU's mask; undefined where that follows from x, because there was no residual. */
  at::Tensor y;
  at::Tensor scale, offset, mean, variance;
  double epsilon;
  bool relu;
};

/** `gated` is dy where ReLU let it through: the residual's gradient. Without y it is dy, and nobody asks. */
struct NormBackwardResult {
  at::Tensor dx, dScale, dOffset, gated;
};

NormBackwardResult normaliseBackward(const NormBackward& of);

}  // namespace mocolab
