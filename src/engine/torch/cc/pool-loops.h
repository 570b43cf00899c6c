// The inner loops of pooling in the machine's best instruction set: one pixel of the result, all channels. Storage
// is float [0] or bfloat16 [1].

#pragma once

#include <cstdint>
#include <vector>

namespace mocolab {

/** Something that a pixel of the result reads. */
struct Tap {
  /** Of its first channel, from the start of the image. */
  int64_t offset;
  /** Which tap of the window it is, row by row. */
  int32_t number;
  /** One over the pixels that its window holds. */
  float share;
};

using Taps = std::vector<Tap>;

/** Winners are bytes: of windows of fewer than 255 taps, which is what networks have. See wide-pools.h for others. */
struct PoolLoops {
  /** The largest and its tap; the first of equals. NaN is larger than nothing: where no number is, 255 wins. */
  void (*largest[2])(const void* x, const Taps& taps, int64_t channels, void* y, uint8_t* winners);
  /** The sum of the dy that this pixel has won. */
  void (*won[2])(const void* dy, const uint8_t* winners, const Taps& taps, int64_t channels, void* dx);
  /** The sum of each tap times its share. */
  void (*shares[2])(const void* x, const Taps& taps, int64_t channels, void* y);
};

const PoolLoops& poolLoops();

}  // namespace mocolab
