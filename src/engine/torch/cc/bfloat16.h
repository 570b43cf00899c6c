// Numbers as they are stored, for loops that compute in float.

#pragma once

#include <cstdint>

namespace mocolab {

/** The upper half of a float; the same bits as at::BFloat16. */
struct Bfloat16 {
  uint16_t bits;
};

}  // namespace mocolab
