// Max-pooling of what the vector loops do not have, and networks neither: windows of 255 taps and more, whose winners
// are 16 bits wide, and whole numbers. Plain loops, named as in pool-loops.h.

#pragma once

#include "bfloat16.h"
#include "pool-loops.h"

namespace mocolab {

/** The winner of a window that has no number in it is the largest I. */
template <typename T, typename I>
void wideLargest(const T* x, const Taps& taps, int64_t channels, T* y, I* winners);

template <typename T>
void wideWon(const T* dy, const uint16_t* winners, const Taps& taps, int64_t channels, T* dx);

}  // namespace mocolab
