// The inner loops of pooling: one pixel of the result, all channels, compiled for several instruction sets.

#pragma once

#include <vector>

#include "half-floats.h"

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

/** The winner of a window that has no number in it: the largest number of a winner's type I. */
#define MOCOLAB_POOL_LARGEST(T, I)                                                                         \
  /** The largest and its tap; the first of equals. NaN is larger than nothing. */                         \
  void poolLargest(const T* x, const Taps& taps, int64_t channels, T* y, I* winners);
#define MOCOLAB_POOL_WON(T, I)                                                                             \
  /** The sum of the dy that this pixel has won. */                                                        \
  void poolWon(const T* dy, const I* winners, const Taps& taps, int64_t channels, T* dx);
#define MOCOLAB_POOL_SHARES(T)                                                                             \
  /** The sum of each tap times its share. */                                                              \
  void poolShares(const T* x, const Taps& taps, int64_t channels, T* y);

/**
 * Every loop for the types it is there for. Winners are bytes where a window has fewer than 255 taps: what networks
 * have, and in max-loops.h by hand, because the compiler makes branches of these loops.
 */
#define MOCOLAB_POOL_LOOPS(LARGEST, WON, SHARES)                                                           \
  LARGEST(float, uint16_t) LARGEST(Half, uint16_t) LARGEST(int32_t, uint8_t) LARGEST(int32_t, uint16_t)    \
  WON(float, uint16_t) WON(Half, uint16_t) SHARES(float) SHARES(Half)

MOCOLAB_POOL_LOOPS(MOCOLAB_POOL_LARGEST, MOCOLAB_POOL_WON, MOCOLAB_POOL_SHARES)

}  // namespace mocolab
