// Convolution and matrix products. Tensors are NHWC in memory; ATen sees them as NCHW in the
// channels-last format, so oneDNN takes its fast path and nothing is copied.

#include "device.h"
#include "filters.h"
#include "ops.h"

namespace mocolab {
namespace {

/** ATen pads both sides of an axis alike. What it cannot say is laid around the images first. */
struct Padding {
  /** As constant_pad_nd wants it: left, right, top, bottom. Empty where `inside` says it all. */
  std::vector<int64_t> around;
  std::vector<int64_t> inside;
};

Padding splitPadding(const Window& window, const Pair& size) {
  Pair after;
  bool alike = true;
  for (int axis = 0; axis < 2; axis++) {
    const int64_t extent = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    const int64_t before = window.before[axis], stride = window.stride[axis];
    after[axis] = (window.output[axis] - 1) * stride + extent - size[axis] - before;
    alike = alike && (size[axis] + 2 * before - extent) / stride + 1 == window.output[axis];
  }
  if (alike) return {{}, {window.before[0], window.before[1]}};
  return {{window.before[1], after[1], window.before[0], after[0]}, {0, 0}};
}

std::vector<int64_t> toList(const Pair& pair) { return {pair[0], pair[1]}; }

at::Tensor padded(const at::Tensor& images, const Padding& padding) {
  return padding.around.empty() ? images : at::constant_pad_nd(images, padding.around, 0);
}

/** Gradients of images and filter; `images` and `filter` may be expanded zeros where only their shape counts. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& dy, const at::Tensor& images,
                                                        const at::Tensor& filter, const Window& window,
                                                        const Padding& padding, std::array<bool, 3> wanted) {
  return at::convolution_backward(toImages(dy, window), images, filter, at::OptionalIntArrayRef(),
                                  toList(window.stride), padding.inside, toList(window.dilation), false, {0, 0},
                                  window.groups, wanted);
}

/** A tensor of which only the shape counts: takes no memory. */
at::Tensor shapeOnly(at::IntArrayRef shape, const at::Tensor& like) {
  return at::zeros({1}, like.options()).expand(shape);
}

}  // namespace

/** x, filter, window -> y. */
at::Tensor Conv2D(const Args& args) {
  const Window window = readWindow(args, 2);
  const at::Tensor images = toImages(asActivation(args.tensor(0)), window);
  const Padding padding = splitPadding(window, {images.size(2), images.size(3)});
  const at::Tensor filter = filterOf(args.handle(1), images.size(1) / window.groups, images.scalar_type());
  return fromImages(at::conv2d(padded(images, padding), filter, {}, toList(window.stride), padding.inside,
                               toList(window.dilation), window.groups),
                    window);
}

/** dy, filter, window, shape of x -> dx. */
at::Tensor Conv2DBackpropInput(const Args& args) {
  const Window window = readWindow(args, 2);
  const at::Tensor dy = asActivation(args.tensor(0));
  const auto s = args.integers(3);
  const std::vector<int64_t> shape =
      window.channelsFirst ? s : std::vector<int64_t>{s[0], s[3], s[1], s[2]};
  Padding padding = splitPadding(window, {shape[2], shape[3]});
  const at::Tensor images = padded(shapeOnly(shape, dy), padding);
  const at::Tensor filter = filterOf(args.handle(1), shape[1] / window.groups, dy.scalar_type());
  at::Tensor dx = std::get<0>(backward(dy, images, filter, window, padding, {true, false, false}));
  if (!padding.around.empty()) {
    for (int64_t& side : padding.around) side = -side;
    dx = at::constant_pad_nd(dx, padding.around, 0);  // What was laid around is cut off again.
  }
  return fromImages(dx, window);
}

/** x, dy, window, shape of the filter -> its gradient, float32. */
at::Tensor Conv2DBackpropFilter(const Args& args) {
  const Window window = readWindow(args, 2);
  const at::Tensor images = toImages(asActivation(args.tensor(0)), window);
  const auto shape = args.integers(3);  // [kh, kw, C / groups, K], or depthwise [kh, kw, C, M]
  const Padding padding = splitPadding(window, {images.size(2), images.size(3)});
  const int64_t inputs = images.size(1) / window.groups;
  const int64_t outputs = shape[2] * shape[3] / inputs;
  const at::Tensor filter = shapeOnly({outputs, inputs, shape[0], shape[1]}, images);
  const auto gradients =
      backward(asActivation(args.tensor(1)), padded(images, padding), filter, window, padding, {false, true, false});
  return toFilterGradient(std::get<1>(gradients), shape);
}

/** a, b, whether to transpose each: matrices. */
at::Tensor MatMul(const Args& args) {
  const at::Tensor a = widen(args.tensor(0)), b = widen(args.tensor(1));
  return at::mm(args.flag(2) ? a.t() : a, args.flag(3) ? b.t() : b);
}

}  // namespace mocolab
