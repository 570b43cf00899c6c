// The inner loops of updates in place, in the machine's best instruction set.

#pragma once

#include <cstdint>

namespace mocolab {

/** Of torch.optim.SGD. */
struct SgdFactors {
  float lr, momentum, decay;
};

struct UpdateLoops {
  /** v = momentum v + (g + decay p); p -= lr v. */
  void (*sgd)(float* p, const float* g, float* v, const SgdFactors& by, int64_t count);
  /** key = share key + (1 - share) query. */
  void (*approach)(float* key, const float* query, float share, int64_t count);
  /** sum += term, for float [0] and bfloat16 [1]. */
  void (*add[2])(void* sum, const void* term, int64_t count);
  /** dx = dy where y is positive, else 0; dx may be dy. */
  void (*gate[2])(const void* dy, const void* y, int64_t count, void* dx);
};

const UpdateLoops& updateLoops();

}  // namespace mocolab
