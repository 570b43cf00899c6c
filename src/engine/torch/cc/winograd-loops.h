// The transforms of Winograd's minimal filtering F(2x2, 3x3), and of F(3x3, 2x2) for the gradient of a filter, in the
// machine's best instruction set. Channels lie together; a tile is 4x4 pixels, its 16 transformed numbers lie `step`
// apart.

#pragma once

#include <cstdint>

namespace mocolab {

/** Pixels of a tile, row by row. */
using Tile = const float* const*;

struct WinogradLoops {
  /** 16 pixels -> Bt d B. */
  void (*images)(Tile pixels, int64_t channels, float* out, int64_t step);
  /** The taps of a 3x3 filter, `apart` from each other -> G g Gt. */
  void (*filter)(const float* taps, int64_t apart, int64_t channels, float* out, int64_t step);
  /** The 16 sums of products, `step` apart -> At m A, the 2x2 pixels of the result. */
  void (*result)(const float* sums, int64_t step, int64_t channels, float* const* pixels);
  /** 2x2 pixels of the result's gradient, in the role of a filter. */
  void (*gradient)(Tile pixels, int64_t channels, float* out, int64_t step);
  /** The 16 sums of products -> the gradient of the 3x3 taps, `apart` from each other. */
  void (*taps)(const float* sums, int64_t step, int64_t channels, float* out, int64_t apart);
};

const WinogradLoops& winogradLoops();

}  // namespace mocolab
