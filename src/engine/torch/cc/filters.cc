#include "filters.h"

namespace mocolab {
namespace {

constexpr auto CHANNELS_LAST = at::MemoryFormat::ChannelsLast;

/** [K, I, kh, kw] -> the shape that tfjs sees, without a copy. */
at::Tensor toHwio(const at::Tensor& filter, at::IntArrayRef shape) {
  // Depthwise, [kh, kw, 1, C M] splits its last axis into [C, M].
  return filter.permute({2, 3, 1, 0}).view(shape);
}

}  // namespace

at::Tensor filterOf(int32_t handle, int64_t inputs, at::ScalarType type) {
  const at::Tensor filter = store().get(handle);
  const int64_t kh = filter.size(0), kw = filter.size(1);
  at::Tensor seen = filter.reshape({kh, kw, inputs, filter.numel() / (kh * kw * inputs)}).permute({3, 2, 0, 1});
  if (!seen.is_contiguous(CHANNELS_LAST)) {
    seen = seen.contiguous(CHANNELS_LAST);
    store().relay(handle, toHwio(seen, filter.sizes()));
  }
  if (seen.scalar_type() == type) return seen;
  if (const at::Tensor* kept = store().attached(handle)) {
    if (kept->scalar_type() == type) return *kept;
  }
  const at::Tensor rounded = seen.to(type, false, false, CHANNELS_LAST);
  store().attach(handle, rounded);
  return rounded;
}

at::Tensor toFilterGradient(const at::Tensor& gradient, at::IntArrayRef shape) {
  return toHwio(gradient.to(at::kFloat, false, false, CHANNELS_LAST), shape);
}

}  // namespace mocolab
