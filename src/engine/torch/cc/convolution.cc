// Convolution and matrix products. Tensors are NHWC in memory; ATen sees them as NCHW in the channels-last
// format, so oneDNN and cuDNN take their fast paths and nothing is copied.

#include "window.h"

#include "ops.h"

namespace mocolab {
namespace {

constexpr auto CHANNELS_LAST = at::MemoryFormat::ChannelsLast;

/** [N, H, W, C] -> [N, C, H, W] in the channels-last format. */
at::Tensor toImages(const at::Tensor& x, bool channelsFirst) {
  return channelsFirst ? x.contiguous(CHANNELS_LAST) : x.contiguous().permute({0, 3, 1, 2});
}

at::Tensor fromImages(const at::Tensor& nchw, bool channelsFirst) {
  return channelsFirst ? nchw.contiguous() : nchw.permute({0, 2, 3, 1}).contiguous();
}

/**
 * Filters [kh, kw, C, K] as [K, C, kh, kw] in the channels-last format. Their memory is relaid once and stays
 * so under the same handle: updates in place keep it, and later calls copy nothing. A lower precision is kept
 * with the handle until the next update.
 */
at::Tensor filtersOf(int32_t handle, at::ScalarType type) {
  const at::Tensor filters = store().get(handle);
  at::Tensor seen = filters.permute({3, 2, 0, 1});
  if (!seen.is_contiguous(CHANNELS_LAST)) {
    seen = seen.contiguous(CHANNELS_LAST);
    store().relay(handle, seen.permute({2, 3, 1, 0}));
  }
  if (seen.scalar_type() == type) return seen;
  if (const at::Tensor* kept = store().attached(handle)) {
    if (kept->scalar_type() == type) return *kept;
  }
  at::Tensor rounded = seen.to(type, false, false, CHANNELS_LAST);
  store().attach(handle, rounded);
  return rounded;
}

/** ATen pads both ends of an axis alike; other windows get a padded copy of the images. */
struct Padding {
  std::vector<int64_t> both;
  /** Left, right, top, bottom; empty where `both` says it all. */
  std::vector<int64_t> around;

  explicit Padding(const Window& window) {
    if (window.top == window.bottom && window.left == window.right) {
      both = {window.top, window.left};
    } else {
      both = {0, 0};
      around = {window.left, window.right, window.top, window.bottom};
    }
  }
  at::Tensor pad(const at::Tensor& images) const {
    return around.empty() ? images : at::constant_pad_nd(images, around, 0).contiguous(CHANNELS_LAST);
  }
  std::vector<int64_t> padShape(std::vector<int64_t> nchw) const {
    if (around.empty()) return nchw;
    return {nchw[0], nchw[1], nchw[2] + around[2] + around[3], nchw[3] + around[0] + around[1]};
  }
  at::Tensor unpad(const at::Tensor& images, const std::vector<int64_t>& nchw) const {
    return around.empty() ? images : images.narrow(2, around[2], nchw[2]).narrow(3, around[0], nchw[3]);
  }
};

/** Stands for a tensor of which only the shape counts; takes no memory. */
at::Tensor placeholder(at::IntArrayRef nchw, const at::Tensor& like) {
  return at::zeros({1}, like.options()).expand(nchw);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& dy, const at::Tensor& x,
                                                        const at::Tensor& filters, const Window& window,
                                                        const std::vector<int64_t>& padding,
                                                        std::array<bool, 3> wanted) {
  return at::convolution_backward(dy, x, filters, at::OptionalIntArrayRef(), window.strides, padding,
                                  window.dilations, false, {0, 0}, 1, wanted);
}

}  // namespace

/** x, filter, window, channels first. */
at::Tensor Conv2D(const Args& args) {
  const Window window(args.integers(2));
  const bool channelsFirst = args.flag(3);
  const Padding padding(window);
  const at::Tensor x = padding.pad(toImages(args.tensor(0), channelsFirst));
  const at::Tensor filters = filtersOf(args.handle(1), x.scalar_type());
  return fromImages(at::conv2d(x, filters, {}, window.strides, padding.both, window.dilations), channelsFirst);
}

/** dy, filter, window, channels first, shape of x. */
at::Tensor Conv2DBackpropInput(const Args& args) {
  const Window window(args.integers(2));
  const bool channelsFirst = args.flag(3);
  const Padding padding(window);
  const auto shape = args.integers(4);
  const std::vector<int64_t> nchw =
      channelsFirst ? shape : std::vector<int64_t>{shape[0], shape[3], shape[1], shape[2]};
  const at::Tensor dy = toImages(args.tensor(0), channelsFirst);
  const at::Tensor x = placeholder(padding.padShape(nchw), dy);
  const at::Tensor filters = filtersOf(args.handle(1), dy.scalar_type());
  const at::Tensor dx =
      std::get<0>(backward(dy, x, filters, window, padding.both, {true, false, false}));
  return fromImages(padding.unpad(dx, nchw), channelsFirst);
}

/** x, dy, window, channels first, shape of the filter. The gradient lies in memory as relaid filters do. */
at::Tensor Conv2DBackpropFilter(const Args& args) {
  const Window window(args.integers(2));
  const bool channelsFirst = args.flag(3);
  const Padding padding(window);
  const auto shape = args.integers(4);  // [kh, kw, C, K]
  const at::Tensor x = padding.pad(toImages(args.tensor(0), channelsFirst));
  const at::Tensor dy = toImages(args.tensor(1), channelsFirst);
  const at::Tensor filters = placeholder({shape[3], shape[2], shape[0], shape[1]}, x);
  const at::Tensor gradient =
      std::get<1>(backward(dy, x, filters, window, padding.both, {false, true, false}));
  return gradient.to(at::kFloat, false, false, CHANNELS_LAST).permute({2, 3, 1, 0});
}

/** a, b, whether to transpose each: matrices. */
at::Tensor MatMul(const Args& args) {
  const at::Tensor a = args.flag(2) ? args.tensor(0).t() : args.tensor(0);
  const at::Tensor b = args.flag(3) ? args.tensor(1).t() : args.tensor(1);
  return at::mm(a, b);
}

}  // namespace mocolab
