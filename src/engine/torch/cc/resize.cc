// Resampling of images [N, H, W, C], each axis on its own, with TensorFlow's three ideas of where a pixel lies:
// corners aligned, centres at halves, or (of old) neither.

#include <cmath>

#include "device.h"
#include "ops.h"

namespace mocolab {
namespace {

/** Where the pixels of one axis come from. */
struct Source {
  at::Tensor low, high;  // Places [out].
  at::Tensor weight;     // Share of `high` [out].
  at::Tensor nearest;    // Places [out].
  at::Tensor inside;     // Whether the pixel lies in the image; only of crops [out].
};

struct Axis {
  int64_t input, output;
  bool alignCorners = false, halfPixelCenters = false;
};

Source locate(const Axis& axis, const at::Tensor& like) {
  const bool align = axis.alignCorners && axis.output > 1;
  const double ratio = align ? static_cast<double>(axis.input - 1) / (axis.output - 1)
                             : static_cast<double>(axis.input) / axis.output;
  std::vector<int64_t> low(axis.output), high(axis.output), nearest(axis.output);
  std::vector<float> weight(axis.output);
  for (int64_t i = 0; i < axis.output; i++) {
    const double at = axis.halfPixelCenters ? ratio * (i + 0.5) - 0.5 : ratio * i;
    low[i] = std::max<int64_t>(0, static_cast<int64_t>(std::floor(at)));
    high[i] = std::max<int64_t>(0, std::min(axis.input - 1, static_cast<int64_t>(std::ceil(at))));
    weight[i] = static_cast<float>(std::max(0.0, at - low[i]));
    const double centre = axis.halfPixelCenters ? ratio * (i + 0.5) : ratio * i;
    const auto closest = static_cast<int64_t>(axis.alignCorners ? std::floor(centre + 0.5) : std::floor(centre));
    nearest[i] = std::min(axis.input - 1, std::max<int64_t>(0, closest));
  }
  const auto places = [&](const std::vector<int64_t>& list) {
    return at::tensor(list, at::dtype(at::kLong)).to(like.device());
  };
  return {places(low), places(high), at::tensor(weight).to(like.device()), places(nearest), {}};
}

/** The same for a crop between two places, as fractions of the image's side. */
Source locateCrop(double from, double to, const Axis& axis, const at::Tensor& like) {
  const double last = static_cast<double>(axis.input - 1), step = axis.output > 1 ? (to - from) / (axis.output - 1) : 0;
  const double first = axis.output > 1 ? from : (from + to) / 2;
  const at::Tensor at = (at::arange(axis.output, on(at::kDouble)) * step + first) * last;
  const auto places = [&](const at::Tensor& rounded) {
    return rounded.clamp(0, last).to(at::kLong).to(like.device());
  };
  const at::Tensor low = at.floor(), inside = at.ge(0).logical_and(at.le(last));
  return {places(low), places(at.ceil()), (at - low).to(at::kFloat).to(like.device()), places((at + 0.5).floor()),
          inside.to(like.device())};
}

/** Weights as they stand beside images: along the axis 1 (rows) or 2 (columns). */
at::Tensor alongAxis(const at::Tensor& weight, int64_t axis) {
  return axis == 1 ? weight.reshape({-1, 1, 1}) : weight.reshape({-1, 1});
}

at::Tensor interpolate(const at::Tensor& x, int64_t axis, const Source& source) {
  const at::Tensor share = alongAxis(source.weight, axis);
  return x.index_select(axis, source.low) * (1 - share) + x.index_select(axis, source.high) * share;
}

/** Gradient of `interpolate`: each pixel gives to the two that it came from. */
at::Tensor spread(const at::Tensor& dy, int64_t axis, int64_t size, const Source& source) {
  auto shape = dy.sizes().vec();
  shape[axis] = size;
  const at::Tensor share = alongAxis(source.weight, axis), dx = at::zeros(shape, dy.options());
  dx.index_add_(axis, source.low, dy * (1 - share));
  return dx.index_add_(axis, source.high, dy * share);
}

/** Rows and columns: from the sizes of `x` at argument `i` (height, width), then the two flags. */
std::pair<Source, Source> locateBoth(const Args& args, size_t i, const std::vector<int64_t>& input,
                                     const std::vector<int64_t>& output) {
  const bool align = args.flag(i), half = args.flag(i + 1);
  const at::Tensor& like = args.tensor(0);
  return {locate({input[0], output[0], align, half}, like), locate({input[1], output[1], align, half}, like)};
}

std::vector<int64_t> sidesOf(const at::Tensor& x) { return {x.size(1), x.size(2)}; }

}  // namespace

/** x, [height, width], alignCorners, halfPixelCenters. */
at::Tensor ResizeBilinear(const Args& args) {
  const at::Tensor x = args.tensor(0).to(at::kFloat);
  const auto [rows, columns] = locateBoth(args, 2, sidesOf(x), args.integers(1));
  return interpolate(interpolate(x, 1, rows), 2, columns);
}

/** dy, [height, width] of x, alignCorners, halfPixelCenters. */
at::Tensor ResizeBilinearGrad(const Args& args) {
  const at::Tensor& dy = args.tensor(0);
  const auto size = args.integers(1);
  const auto [rows, columns] = locateBoth(args, 2, size, sidesOf(dy));
  return spread(spread(dy, 2, size[1], columns), 1, size[0], rows);
}

/** x, [height, width], alignCorners, halfPixelCenters. */
at::Tensor ResizeNearestNeighbor(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const auto [rows, columns] = locateBoth(args, 2, sidesOf(x), args.integers(1));
  return x.index_select(1, rows.nearest).index_select(2, columns.nearest);
}

/** dy, [height, width] of x, alignCorners, halfPixelCenters. */
at::Tensor ResizeNearestNeighborGrad(const Args& args) {
  const at::Tensor& dy = args.tensor(0);
  const auto size = args.integers(1);
  const auto [rows, columns] = locateBoth(args, 2, size, sidesOf(dy));
  const at::Tensor byColumn = at::zeros({dy.size(0), dy.size(1), size[1], dy.size(3)}, dy.options());
  byColumn.index_add_(2, columns.nearest, dy);
  const at::Tensor dx = at::zeros({dy.size(0), size[0], size[1], dy.size(3)}, dy.options());
  return dx.index_add_(1, rows.nearest, byColumn);
}

/** x, boxes [B, 4] as y1 x1 y2 x2 of the image, image of each box, [height, width], bilinear, value outside. */
at::Tensor CropAndResize(const Args& args) {
  store().expectNoRecording();
  const at::Tensor x = args.tensor(0).to(at::kFloat);
  const at::Tensor boxes = args.tensor(1).to(at::kCPU).contiguous(), images = args.tensor(2).to(at::kCPU);
  const auto sides = args.integers(3);
  Tensors crops;
  for (int64_t i = 0; i < boxes.size(0); i++) {
    const float* box = boxes.data_ptr<float>() + 4 * i;
    const auto image = images[i].item<int64_t>();
    if (image < 0 || image >= x.size(0)) throw std::out_of_range("there is no image " + std::to_string(image));
    const Source rows = locateCrop(box[0], box[2], {x.size(1), sides[0]}, x);
    const Source columns = locateCrop(box[1], box[3], {x.size(2), sides[1]}, x);
    const at::Tensor whole = x.narrow(0, image, 1);
    const at::Tensor crop = args.flag(4)
                                ? interpolate(interpolate(whole, 1, rows), 2, columns)
                                : whole.index_select(1, rows.nearest).index_select(2, columns.nearest);
    const at::Tensor inside = alongAxis(rows.inside, 1).logical_and(alongAxis(columns.inside, 2));
    crops.push_back(at::where(inside, crop, at::full({}, args.number(5), crop.options())));
  }
  return crops.empty() ? at::empty({0, sides[0], sides[1], x.size(3)}, x.options()) : at::cat(crops);
}

}  // namespace mocolab
