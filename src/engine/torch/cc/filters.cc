#include "filters.h"

#include "window-product.h"

namespace mocolab {
namespace {

constexpr auto CHANNELS_LAST = at::MemoryFormat::ChannelsLast;

/** [K, I, kh, kw] -> the shape that tfjs sees, without a copy. */
at::Tensor toHwio(const at::Tensor& filter, at::IntArrayRef shape) {
  // Depthwise, [kh, kw, 1, C M] splits its last axis into [C, M].
  return filter.permute({2, 3, 1, 0}).view(shape);
}

/** The filter as [K, I, kh, kw], relaid under its handle. */
at::Tensor relaid(int32_t handle, int64_t inputs) {
  const at::Tensor filter = store().get(handle);
  const int64_t kh = filter.size(0), kw = filter.size(1);
  at::Tensor seen = filter.reshape({kh, kw, inputs, filter.numel() / (kh * kw * inputs)}).permute({3, 2, 0, 1});
  if (!seen.is_contiguous(CHANNELS_LAST)) {
    seen = seen.contiguous(CHANNELS_LAST);
    store().relay(handle, toHwio(seen, filter.sizes()));
  }
  return seen;
}

/** What is kept with the handle where it has this shape and type, else what `make` gives, kept from now on. */
template <typename Make>
at::Tensor keptOr(int32_t handle, at::IntArrayRef shape, at::ScalarType type, const Make& make) {
  if (const at::Tensor* kept = store().attached(handle)) {
    if (kept->scalar_type() == type && kept->sizes() == shape) return *kept;
  }
  const at::Tensor made = make();
  store().attach(handle, made);
  return made;
}

}  // namespace

at::Tensor filterOf(int32_t handle, int64_t inputs, at::ScalarType type) {
  const at::Tensor seen = relaid(handle, inputs);
  if (seen.scalar_type() == type) return seen;
  return keptOr(handle, seen.sizes(), type, [&] { return seen.to(type, false, false, CHANNELS_LAST); });
}

at::Tensor meetingTapsOf(int32_t handle, const Window& window, const Pair& imageSize, int64_t inputs,
                         at::ScalarType type) {
  const at::Tensor taps = meetingTaps(relaid(handle, inputs), window, imageSize);
  if (taps.scalar_type() == type) return taps;
  return keptOr(handle, taps.sizes(), type, [&] { return taps.to(type, false, false, at::MemoryFormat::Contiguous); });
}

at::Tensor toFilterGradient(const at::Tensor& gradient, at::IntArrayRef shape) {
  return toHwio(gradient.to(at::kFloat, false, false, CHANNELS_LAST), shape);
}

}  // namespace mocolab
