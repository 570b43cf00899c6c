#include "patches.h"

#include <ATen/Parallel.h>

#include <cstring>

#include "outer-product.h"
#include "product.h"

namespace mocolab {
namespace {

/** Goes over the places of a window, image by image, and finds the pixels that lie under one tap. */
class Pixels {
 public:
  Pixels(const at::Tensor& images, const Window& window, int64_t tap, int64_t place)
      : window_(window), size_{images.size(2), images.size(3)}, image_(place / countPlaces(window)),
        at_{place % countPlaces(window) / window.output[1], place % window.output[1]},
        tap_{tap / window.kernel[1] * window.dilation[0] - window.before[0],
             tap % window.kernel[1] * window.dilation[1] - window.before[1]} {}

  /** The pixel's number in [N H W], or -1 outside; then on to the next place. */
  int64_t next() {
    const int64_t y = at_[0] * window_.stride[0] + tap_[0], x = at_[1] * window_.stride[1] + tap_[1];
    const bool inside = y >= 0 && y < size_[0] && x >= 0 && x < size_[1];
    const int64_t pixel = inside ? (image_ * size_[0] + y) * size_[1] + x : -1;
    if (++at_[1] == window_.output[1]) {
      at_[1] = 0;
      if (++at_[0] == window_.output[0]) at_[0] = 0, image_++;
    }
    return pixel;
  }

 private:
  const Window& window_;
  const Pair size_;
  int64_t image_;
  Pair at_;
  const Pair tap_;
};

/** [N, C, H, W], channels last -> [N Ho Wo, kh kw C]: what lies under the window at each place, 0 outside. */
at::Tensor copyPatches(const at::Tensor& images, const Window& window) {
  const int64_t taps = window.kernel[0] * window.kernel[1];
  const int64_t bytes = images.size(1) * static_cast<int64_t>(images.element_size());
  const at::Tensor patches = at::empty({images.size(0) * countPlaces(window), taps * images.size(1)}, images.options());
  const char* from = static_cast<const char*>(images.data_ptr());
  char* to = static_cast<char*>(patches.data_ptr());
  at::parallel_for(0, patches.size(0), 16, [&](int64_t first, int64_t last) {
    for (int64_t tap = 0; tap < taps; tap++) {
      Pixels pixels(images, window, tap, first);
      for (int64_t row = first; row < last; row++) {
        const int64_t pixel = pixels.next();
        char* patch = to + (row * taps + tap) * bytes;
        if (pixel >= 0) std::memcpy(patch, from + pixel * bytes, bytes);
        else std::memset(patch, 0, bytes);
      }
    }
  });
  return patches;
}

/** dy turned, times the patches, which are only ever laid out panel by panel. Channels are a multiple of PANEL. */
at::Tensor multiplyPatches(const at::Tensor& images, const at::Tensor& dy, const Window& window) {
  const int64_t channels = images.size(1);
  const float* from = floatsOf(images);
  const auto fillPanel = [&](int64_t row, int64_t rows, int64_t column, int64_t, float* panel) {
    Pixels pixels(images, window, column / channels, row);
    const float* found[SUMMED_AT_ONCE];
    for (int64_t i = 0; i < rows; i++) {
      const int64_t pixel = pixels.next();
      found[i] = pixel >= 0 ? from + pixel * channels + column % channels : nullptr;
    }
    productLoops().gather(found, rows, panel);
  };
  return sumOuterProducts(toPixels(dy), window.kernel[0] * window.kernel[1] * channels, fillPanel);
}

}  // namespace

bool worthPatches(const at::Tensor& images, const Window& window) {
  if (!images.is_cpu() || window.groups != 1 || images.numel() == 0 || countPlaces(window) == 0) return false;
  if (images.scalar_type() == at::kFloat) return images.size(1) % PANEL == 0;
  return images.scalar_type() == at::kBFloat16 && images.size(1) >= 64 && countPlaces(window) <= 49;
}

at::Tensor filterGradientOfPatches(const at::Tensor& images, const at::Tensor& dy, const Window& window) {
  const at::Tensor gradient = images.scalar_type() == at::kFloat
                                  ? multiplyPatches(images, dy, window)
                                  : multiplyMatrices(toPixels(dy).t(), copyPatches(images, window));
  return gradient.view({dy.size(1), window.kernel[0], window.kernel[1], images.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace mocolab
