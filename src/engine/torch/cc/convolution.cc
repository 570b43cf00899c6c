// Convolutions. Tensors are NHWC in memory; ATen sees them as NCHW in the channels-last format, so oneDNN
// takes its fast path and nothing is copied.

#include "device.h"
#include "filter-gradient.h"
#include "filters.h"
#include "ops.h"
#include "patches.h"
#include "product.h"
#include "window-product.h"
#include "winograd.h"

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

/** Gradients of images and filter; each may be a stand-in where its own gradient alone is wanted. */
std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const at::Tensor& dy, const at::Tensor& images,
                                                        const at::Tensor& filter, const Window& window,
                                                        const Padding& padding, std::array<bool, 3> wanted) {
  return at::convolution_backward(dy, images, filter, at::OptionalIntArrayRef(),
                                  toList(window.stride), padding.inside, toList(window.dilation), false, {0, 0},
                                  window.groups, wanted);
}

/** Whether to compute the convolution as a product of matrices. */
bool multiplies(const Window& window, const Pair& imageSize) {
  return !settings().composed && isProduct(window, imageSize);
}

/**
 * Whether each pixel is multiplied for itself. Our loops do that as fast as oneDNN; and with one thread and less than
 * 16 images ATen takes neither, but a BLAS, which may be a slow one, and which gives other bits.
 */
bool isPointwise(const at::Tensor& images, const Window& window, const Pair& imageSize) {
  return !settings().composed && images.is_cpu() && images.scalar_type() == at::kFloat && window.groups == 1 &&
         window.kernel == Pair{1, 1} && window.stride == Pair{1, 1} && window.before == Pair{0, 0} &&
         window.output == imageSize;
}

/** [N H W, K] -> [N, K, H, W], channels last in memory. */
at::Tensor fromPixels(const at::Tensor& pixels, int64_t count, const Pair& size) {
  return pixels.view({count, size[0], size[1], pixels.size(1)}).permute({0, 3, 1, 2});
}

/** Whether to compute it tile by tile. */
bool tiles(const at::Tensor& images, const Window& window, int64_t outputs) {
  return !settings().composed && worthWinograd(images, window, outputs);
}

/**
 * A tensor of which only the shape counts. ATen asks for memory, which nobody reads: that of `other` where it is
 * enough.
 */
at::Tensor standIn(at::IntArrayRef shape, const at::Tensor& other) {
  constexpr auto format = at::MemoryFormat::ChannelsLast;
  if (other.numel() < c10::multiply_integers(shape)) return at::empty(shape, other.options(), format);
  return other.as_strided(shape, c10::get_channels_last_strides_2d(shape));
}

std::vector<int64_t> paddedShape(std::vector<int64_t> shape, const Padding& padding) {
  for (size_t i = 0; i < padding.around.size(); i++) shape[3 - i / 2] += padding.around[i];
  return shape;
}

}  // namespace

/** x, filter, window -> y. */
at::Tensor Conv2D(const Args& args) {
  const Window window = readWindow(args, 2);
  const at::Tensor images = toImages(asActivation(args.tensor(0)), window);
  const Pair size{images.size(2), images.size(3)};
  if (multiplies(window, size)) {
    const at::Tensor taps = meetingTapsOf(args.handle(1), window, size, images.size(1), images.scalar_type());
    return fromImages(multiplyMatrices(toRows(images), taps.t()).unsqueeze(2).unsqueeze(3), window);
  }
  const Padding padding = splitPadding(window, size);
  const at::Tensor filter = filterOf(args.handle(1), images.size(1) / window.groups, images.scalar_type());
  if (isPointwise(images, window, size)) {
    const at::Tensor y = multiplyMatrices(toPixels(images), filter.flatten(1).t());
    return fromImages(fromPixels(y, images.size(0), size), window);
  }
  if (tiles(images, window, filter.size(0))) return fromImages(convolveTiles(images, filter, window), window);
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
  const Pair size{shape[2], shape[3]};
  if (multiplies(window, size)) {
    const at::Tensor taps = meetingTapsOf(args.handle(1), window, size, shape[1], dy.scalar_type());
    const at::Tensor dx = multiplyMatrices(toRows(toImages(dy, window)), taps);
    return fromImages(dx.view({shape[0], size[0], size[1], shape[1]}).permute({0, 3, 1, 2}), window);
  }
  Padding padding = splitPadding(window, size);
  const at::Tensor given = toImages(dy, window), images = standIn(paddedShape(shape, padding), given);
  const at::Tensor filter = filterOf(args.handle(1), shape[1] / window.groups, dy.scalar_type());
  if (isPointwise(given, window, size)) {
    const at::Tensor dx = multiplyMatrices(toPixels(given), filter.flatten(1));
    return fromImages(fromPixels(dx, shape[0], size), window);
  }
  if (tiles(given, window, shape[1])) return fromImages(convolveTilesBack(given, filter, window, size), window);
  at::Tensor dx = std::get<0>(backward(given, images, filter, window, padding, {true, false, false}));
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
  const at::Tensor dy = toImages(asActivation(args.tensor(1)), window);
  const Pair size{images.size(2), images.size(3)};
  if (multiplies(window, size)) {
    const at::Tensor taps = multiplyMatrices(toRows(dy).t(), toRows(images));
    return toFilterGradient(spreadTaps(taps, window, size, images.size(1)), shape);
  }
  if (isPointwise(images, window, size)) {
    const at::Tensor taps = multiplyMatrices(toPixels(dy).t(), toPixels(images));
    return toFilterGradient(taps.unsqueeze(2).unsqueeze(3), shape);
  }
  if (!settings().composed && worthWinogradGradient(images, window, dy.size(1)))
    return toFilterGradient(filterGradientOfTiles(images, dy, window), shape);
  if (!settings().composed && worthPatches(images, window))
    return toFilterGradient(filterGradientOfPatches(images, dy, window), shape);
  const Padding padding = splitPadding(window, size);
  const int64_t inputs = images.size(1) / window.groups, outputs = shape[2] * shape[3] / inputs;
  const at::Tensor filter = standIn({outputs, inputs, shape[0], shape[1]}, images);
  const at::Tensor around = padded(images, padding);
  const auto gradientOf = [&](int64_t first, int64_t count) {
    return std::get<1>(backward(dy.narrow(0, first, count), around.narrow(0, first, count), filter, window, padding,
                                {false, true, false}));
  };
  if (!dy.is_cpu() || dy.numel() == 0) return toFilterGradient(gradientOf(0, dy.size(0)), shape);
  return toFilterGradient(addGradientsOfParts(dy.size(0), countPlaces(window), gradientOf), shape);
}

}  // namespace mocolab
