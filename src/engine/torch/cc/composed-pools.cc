// Pools made of ATen's. What is outside of the images is laid around them first, so that every window does.

#include <limits>

#include "composed.h"
#include "window.h"

namespace mocolab::composed {
namespace {

std::vector<int64_t> toList(const Pair& pair) { return {pair[0], pair[1]}; }

/** Left, right, top, bottom, as constant_pad_nd wants them. Negative where no window gets to the end. */
std::vector<int64_t> aroundOf(const Window& window, const at::Tensor& images) {
  std::vector<int64_t> around;
  for (const int axis : {1, 0}) {
    const int64_t extent = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const int64_t reached = (window.output[axis] - 1) * window.stride[axis] + extent;
    around.push_back(window.before[axis]);
    around.push_back(reached - images.size(2 + axis) - window.before[axis]);
  }
  return around;
}

at::Tensor surround(const at::Tensor& images, const Window& window, double value) {
  const at::Tensor padded = at::constant_pad_nd(images, aroundOf(window, images), value);
  return padded.contiguous(at::MemoryFormat::ChannelsLast);
}

/** The images again, out of what `surround` made of them. */
at::Tensor release(const at::Tensor& surrounded, const at::Tensor& images, const Window& window) {
  std::vector<int64_t> around = aroundOf(window, images);
  for (int64_t& side : around) side = -side;
  return fromImages(at::constant_pad_nd(surrounded, around, 0), window);
}

std::tuple<at::Tensor, at::Tensor> pool(const at::Tensor& images, const Window& window) {
  constexpr double OUTSIDE = -std::numeric_limits<double>::infinity();
  return at::max_pool2d_with_indices(surround(images, window, OUTSIDE), toList(window.kernel), toList(window.stride),
                                     {0, 0}, toList(window.dilation));
}

at::Tensor sumPool(const at::Tensor& surrounded, const Window& window) {
  return at::avg_pool2d(surrounded, toList(window.kernel), toList(window.stride), {0, 0}, false, true, 1);
}

/** Pixels of the images in each window [1, 1, OH, OW]. */
at::Tensor countPixels(const at::Tensor& images, const Window& window) {
  const at::Tensor ones = at::ones({1, 1, images.size(2), images.size(3)}, images.options().dtype(at::kFloat));
  return sumPool(surround(ones, window, 0), window);
}

}  // namespace

int32_t MaxPool(const Args& args) {
  const Window window = readWindow(args, 1);
  const auto [y, places] = pool(toImages(args.tensor(0), window), window);
  const int32_t handle = store().put(fromImages(y, window));
  store().attach(handle, places);
  return handle;
}

at::Tensor MaxPoolGrad(const Args& args) {
  const Window window = readWindow(args, 3);
  const at::Tensor x = toImages(args.tensor(1), window);
  const at::Tensor dy = toImages(args.tensor(0).to(x.scalar_type()), window);
  const at::Tensor* kept = store().attached(args.handle(2));
  const at::Tensor places = kept ? *kept : std::get<1>(pool(x, window));
  const at::Tensor dx = at::max_pool2d_with_indices_backward(
      dy, surround(x, window, 0), toList(window.kernel), toList(window.stride), {0, 0}, toList(window.dilation), false,
      places);
  return release(dx, x, window);
}

at::Tensor AvgPool(const Args& args) {
  const Window window = readWindow(args, 1);
  const at::Tensor x = toImages(args.tensor(0), window);
  const at::Tensor sums = sumPool(surround(x, window, 0), window);
  return fromImages(at::div(sums, countPixels(x, window)).to(x.scalar_type()), window);
}

at::Tensor AvgPoolGrad(const Args& args) {
  const Window window = readWindow(args, 1);
  const at::Tensor dy = toImages(args.tensor(0), window);
  const auto s = args.integers(2);
  const at::Tensor x = window.channelsFirst ? at::zeros({1}, dy.options()).expand({s[0], s[1], s[2], s[3]})
                                            : at::zeros({1}, dy.options()).expand({s[0], s[3], s[1], s[2]});
  const at::Tensor shares = at::div(dy, countPixels(x, window)).to(dy.scalar_type());
  const at::Tensor dx = at::avg_pool2d_backward(shares, surround(x, window, 0), toList(window.kernel),
                                                toList(window.stride), {0, 0}, false, true, 1);
  return release(dx, x, window);
}

}  // namespace mocolab::composed
