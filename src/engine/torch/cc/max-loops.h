// The inner loops of max-pooling with winners of a byte, in the machine's best instruction set. Storage is
// float [0] or bfloat16 [1]. What they do is said in pool-loops.h.

#pragma once

#include "pool-loops.h"

namespace mocolab {

struct MaxLoops {
  void (*largest[2])(const void* x, const Taps& taps, int64_t channels, void* y, uint8_t* winners);
  void (*won[2])(const void* dy, const uint8_t* winners, const Taps& taps, int64_t channels, void* dx);
};

const MaxLoops& maxLoops();

inline void poolLargest(const float* x, const Taps& taps, int64_t channels, float* y, uint8_t* winners) {
  maxLoops().largest[0](x, taps, channels, y, winners);
}
inline void poolLargest(const Half* x, const Taps& taps, int64_t channels, Half* y, uint8_t* winners) {
  maxLoops().largest[1](x, taps, channels, y, winners);
}
inline void poolWon(const float* dy, const uint8_t* winners, const Taps& taps, int64_t channels, float* dx) {
  maxLoops().won[0](dy, winners, taps, channels, dx);
}
inline void poolWon(const Half* dy, const uint8_t* winners, const Taps& taps, int64_t channels, Half* dx) {
  maxLoops().won[1](dy, winners, taps, channels, dx);
}

}  // namespace mocolab
