// Convolution, pooling and matrix products. Tensors are NHWC in memory; ATen sees them as NCHW in the
// channels-last format, so oneDNN takes its fast path and nothing is copied.

#include "ops.h"

namespace mocolab {
namespace {

at::Tensor toImages(const at::Tensor& nhwc) { return nhwc.contiguous().permute({0, 3, 1, 2}); }

at::Tensor fromImages(const at::Tensor& nchw) { return nchw.permute({0, 2, 3, 1}).contiguous(); }

/** [kh, kw, C, K] -> [K, C, kh, kw], channels last. */
at::Tensor toFilters(const at::Tensor& hwio) {
  return hwio.permute({3, 2, 0, 1}).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<int64_t> square(int64_t side) { return {side, side}; }

std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& dy, const at::Tensor& x,
                                                        const at::Tensor& filter, int64_t stride,
                                                        int64_t padding, std::array<bool, 3> wanted) {
  return at::convolution_backward(toImages(dy), x, filter, at::OptionalIntArrayRef(), square(stride),
                                  square(padding), square(1), false, square(0), 1, wanted);
}

}  // namespace

at::Tensor Conv2D(const Args& args) {
  return fromImages(at::conv2d(toImages(args.tensor(0)), toFilters(args.tensor(1)), {}, square(args.integer(2)),
                               square(args.integer(3))));
}

at::Tensor Conv2DBackpropInput(const Args& args) {
  const auto shape = args.integers(4);
  // Only the shape of x counts here; an expanded zero takes no memory.
  const auto x = at::zeros({1}).expand({shape[0], shape[3], shape[1], shape[2]});
  const auto gradients = backward(args.tensor(0), x, toFilters(args.tensor(1)), args.integer(2),
                                  args.integer(3), {true, false, false});
  return fromImages(std::get<0>(gradients));
}

at::Tensor Conv2DBackpropFilter(const Args& args) {
  const auto shape = args.integers(4);  // [kh, kw, C, K]
  const auto filter = at::zeros({1}).expand({shape[3], shape[2], shape[0], shape[1]});
  const auto gradients = backward(args.tensor(1), toImages(args.tensor(0)), filter, args.integer(2),
                                  args.integer(3), {false, true, false});
  return std::get<1>(gradients).permute({2, 3, 1, 0}).contiguous();
}

/** x, size, stride, padding; keeps the indices with the output. */
int32_t MaxPool(const Args& args) {
  const auto [y, indices] = at::max_pool2d_with_indices(
      toImages(args.tensor(0)), square(args.integer(1)), square(args.integer(2)), square(args.integer(3)));
  const int32_t handle = store().put(fromImages(y));
  store().attach(handle, indices);
  return handle;
}

/** dy, x, y, size, stride, padding. */
at::Tensor MaxPoolGrad(const Args& args) {
  const at::Tensor* kept = store().attached(args.handle(2));
  const auto x = toImages(args.tensor(1));
  const auto size = square(args.integer(3));
  const auto stride = square(args.integer(4));
  const auto padding = square(args.integer(5));
  const auto indices =
      kept ? *kept : std::get<1>(at::max_pool2d_with_indices(x, size, stride, padding));
  return fromImages(at::max_pool2d_with_indices_backward(toImages(args.tensor(0)), x, size, stride, padding,
                                                         square(1), false, indices));
}

/** a, b, whether to transpose each: matrices. */
at::Tensor MatMul(const Args& args) {
  const at::Tensor a = args.flag(2) ? args.tensor(0).t() : args.tensor(0);
  const at::Tensor b = args.flag(3) ? args.tensor(1).t() : args.tensor(1);
  return at::mm(a, b);
}

}  // namespace mocolab
