#include "window-product.h"

namespace mocolab {
namespace {

/** The part of a filter [K, I, kh, kw] that lies over the image. */
at::Tensor overImage(const at::Tensor& filter, const Window& window, const Pair& imageSize) {
  return filter.narrow(2, window.before[0], imageSize[0]).narrow(3, window.before[1], imageSize[1]);
}

}  // namespace

bool isProduct(const Window& window, const Pair& imageSize) {
  if (window.groups != 1 || imageSize[0] == 0 || imageSize[1] == 0) return false;
  for (int axis = 0; axis < 2; axis++) {
    const bool inside = window.before[axis] >= 0 && window.before[axis] + imageSize[axis] <= window.kernel[axis];
    if (window.output[axis] != 1 || window.dilation[axis] != 1 || !inside) return false;
  }
  return true;
}

at::Tensor meetingTaps(const at::Tensor& filter, const Window& window, const Pair& imageSize) {
  return overImage(filter, window, imageSize).permute({0, 2, 3, 1}).flatten(1);
}

at::Tensor toRows(const at::Tensor& images) { return images.permute({0, 2, 3, 1}).flatten(1); }

at::Tensor spreadTaps(const at::Tensor& rows, const Window& window, const Pair& imageSize, int64_t inputs) {
  const int64_t outputs = rows.size(0);
  at::Tensor whole = at::empty({outputs, inputs, window.kernel[0], window.kernel[1]},
                               rows.options().dtype(at::kFloat), at::MemoryFormat::ChannelsLast);
  whole.zero_();
  const at::Tensor taps = rows.view({outputs, imageSize[0], imageSize[1], inputs}).permute({0, 3, 1, 2});
  overImage(whole, window, imageSize).copy_(taps);
  return whole;
}

}  // namespace mocolab
