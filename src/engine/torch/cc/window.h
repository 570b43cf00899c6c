// The window of a convolution or a pool, as TypeScript tells it (window.ts).

#pragma once

#include <cstdint>
#include <vector>

namespace mocolab {

struct Window {
  std::vector<int64_t> strides, dilations;
  int64_t top, bottom, left, right;

  explicit Window(const std::vector<int64_t>& told)
      : strides{told[0], told[1]},
        dilations{told[6], told[7]},
        top(told[2]),
        bottom(told[3]),
        left(told[4]),
        right(told[5]) {}
};

}  // namespace mocolab
