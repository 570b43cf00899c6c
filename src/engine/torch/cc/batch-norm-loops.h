// The inner loops of BatchNorm, in the machine's best instruction set. Storage is float or bfloat16;
// everything is computed in float.

#pragma once

#include <cstdint>

namespace mocolab {

/** Where ReLU let the gradient through: everywhere; where x normalised is positive; where y is. */
enum class Gate { OPEN, BY_X, BY_Y };

/** Coefficients for every number of a line: the forward pass was x factor + shift. */
struct GateOf {
  const float *mean, *factor, *shift;
};

/** What the backward loops read. `gated` is only there by y: written by the first, read by the second. */
struct Backward {
  Gate gate;
  const void *dy, *x, *y;
  void* gated;
  GateOf by;
};

/** dx = g ofG + x ofX + constant. */
struct Combination {
  const float *ofG, *ofX, *constant;
};

/** Each for float [0] and bfloat16 [1]; see batch-norm-loops.inc. */
struct BatchNormLoops {
  void (*addMoments[2])(const void* x, const float* shift, int64_t lines, int64_t width, float* sums,
                        float* squares);
  void (*applyAffine[2])(const void* x, const float* factor, const float* shift, const void* residual, bool relu,
                         int64_t lines, int64_t width, void* y);
  void (*addProducts[2])(const Backward& of, int64_t at, int64_t lines, int64_t width, float* sums, float* dots);
  void (*applyCombination[2])(const Backward& of, const Combination& by, int64_t at, int64_t lines,
                              int64_t width, void* dx);
};

const BatchNormLoops& batchNormLoops();

}  // namespace mocolab
