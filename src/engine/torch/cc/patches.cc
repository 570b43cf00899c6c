#include "patches.h"

#include <ATen/Parallel.h>

#include <cstring>

#include "product.h"

namespace mocolab {
namespace {

/** [N, C, H, W], channels last -> [N Ho Wo, kh kw C]: what lies under the window at each place, 0 outside. */
at::Tensor copyPatches(const at::Tensor& images, const Window& window) {
  const int64_t height = images.size(2), width = images.size(3), taps = window.kernel[0] * window.kernel[1];
  const int64_t places = window.output[0] * window.output[1];
  const int64_t bytes = images.size(1) * static_cast<int64_t>(images.element_size());
  const at::Tensor patches = at::empty({images.size(0) * places, taps * images.size(1)}, images.options());
  const char* from = static_cast<const char*>(images.data_ptr());
  char* to = static_cast<char*>(patches.data_ptr());
  at::parallel_for(0, patches.size(0), 16, [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const char* image = from + row / places * height * width * bytes;
      const int64_t place = row % places;
      const int64_t top = place / window.output[1] * window.stride[0] - window.before[0];
      const int64_t left = place % window.output[1] * window.stride[1] - window.before[1];
      for (int64_t tap = 0; tap < taps; tap++) {
        const int64_t y = top + tap / window.kernel[1] * window.dilation[0];
        const int64_t x = left + tap % window.kernel[1] * window.dilation[1];
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        char* patch = to + (row * taps + tap) * bytes;
        if (inside) std::memcpy(patch, image + (y * width + x) * bytes, bytes);
        else std::memset(patch, 0, bytes);
      }
    }
  });
  return patches;
}

}  // namespace

bool worthPatches(const at::Tensor& images, const Window& window) {
  const int64_t places = window.output[0] * window.output[1];
  const int64_t most = images.scalar_type() == at::kBFloat16 ? 49 : 4;
  return images.is_cpu() && window.groups == 1 && images.size(1) >= 64 && places <= most;
}

at::Tensor filterGradientOfPatches(const at::Tensor& images, const at::Tensor& dy, const Window& window) {
  const at::Tensor gradient = multiplyMatrices(toPixels(dy).t(), copyPatches(images, window));
  return gradient.view({dy.size(1), window.kernel[0], window.kernel[1], images.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace mocolab
