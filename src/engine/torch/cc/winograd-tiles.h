// The tiles of a convolution by Winograd's filtering: where they lie over the images and over the result.

#pragma once

#include "store.h"
#include "window.h"

namespace mocolab {

constexpr int64_t NUMBERS = 16;  // of a transformed tile

/** Floats between the numbers of a tile. Not a power of two, which would lay all 16 in one set of the first cache. */
inline int64_t stepOf(int64_t floats) { return floats + 16; }

/** Where the tiles of a result lie over the images. */
struct Tiling {
  const at::Tensor& images;
  const at::Tensor& result;
  Pair before;
  int64_t down = (result.size(2) + 1) / 2, across = (result.size(3) + 1) / 2;

  int64_t count() const { return images.size(0) * down * across; }
};

struct Place {
  int64_t image, top, left;
};

/** The pixel of the result at which a tile begins. */
inline Place placeOf(const Tiling& tiling, int64_t tile) {
  const int64_t column = tile % tiling.across, row = tile / tiling.across % tiling.down;
  return {tile / tiling.across / tiling.down, 2 * row, 2 * column};
}

/** A pixel of [N, C, H, W], channels last in memory; `outside` where there is none. */
template <typename Float>
Float* pixelOf(const at::Tensor& tensor, const Place& place, Float* outside) {
  const int64_t height = tensor.size(2), width = tensor.size(3);
  if (place.top < 0 || place.top >= height || place.left < 0 || place.left >= width) return outside;
  return floatsOf(tensor) + ((place.image * height + place.top) * width + place.left) * tensor.size(1);
}

/** The 4x4 pixels of the images under a tile; `zeros` outside. */
inline void findPixels(const Tiling& tiling, int64_t tile, const float* zeros, const float** pixels) {
  const Place place = placeOf(tiling, tile);
  for (int64_t i = 0; i < 16; i++)
    pixels[i] = pixelOf(tiling.images,
                        {place.image, place.top - tiling.before[0] + i / 4, place.left - tiling.before[1] + i % 4}, zeros);
}

/** The 2x2 pixels of the result that a tile gives; `outside` where there is none. */
template <typename Float>
void findResult(const Tiling& tiling, int64_t tile, Float* outside, Float** pixels) {
  const Place place = placeOf(tiling, tile);
  for (int64_t i = 0; i < 4; i++)
    pixels[i] = pixelOf(tiling.result, {place.image, place.top + i / 2, place.left + i % 2}, outside);
}

}  // namespace mocolab
