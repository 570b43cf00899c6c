// The inner loops of the losses, in the machine's best instruction set.

#pragma once

#include <cstdint>

namespace mocolab {

/** One query's softmax so far: sum is over exp(logit - largest). */
struct RunningSoftmax {
  float largest, sum;
  /** Logits that are larger than the positive. */
  int64_t larger;
};

/** `count` keys in rows of `width`, which is a multiple of KEYS_UNIT; what is beyond `count` is zero. */
struct Block {
  int64_t count, width;
};
constexpr int64_t KEYS_UNIT = 32;

struct LossLoops {
  /**
   * logits = scale q keys for a block of keys; then exp(logit - largest) in their place, and the softmax and
   * `gradient` (the sum of keys by these weights) go on with them.
   * q [N, C], keys [C, width], logits [N, width], gradient [N, C], positives [N].
   */
  void (*addNegatives)(const float* q, const float* keys, const float* positives, float scale, int64_t n,
                       int64_t c, Block block, float* logits, RunningSoftmax* softmax, float* gradient);
  /** sum of q k in the order in which addNegatives adds, so that equal keys give equal logits. */
  float (*dot)(const float* q, const float* k, int64_t c);
  /** out = exp(x - largest), with largest the row's; returns the sum, and tells the largest. */
  float (*exponentials)(const float* x, int64_t count, float* out, float* largest);
};

const LossLoops& lossLoops();

}  // namespace mocolab
