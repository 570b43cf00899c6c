// PIL's GaussianBlur, as src/data/ops/gaussian-blur.ts to the bit: three passes of an extended box blur
// along rows and three along columns, 24-bit fixed point. Rows are columns of the transposed image, so
// that one pass serves both and its vector lanes run along a line.

#include <algorithm>
#include <cmath>
#include <vector>

#include "image.h"

namespace mocolab::image {
namespace {

constexpr uint32_t kOne = 1 << 24;

/** Radius, not a whole number, of a box whose three passes have the variance of the Gaussian. */
float findBoxRadius(double sigma) {
  const double variance = static_cast<float>(sigma * sigma / 3);
  const double length = static_cast<float>(std::sqrt(12 * variance + 1));
  const double whole = static_cast<float>(std::floor((length - 1) / 2));
  const double share = static_cast<float>((2 * whole + 1) * (whole * (whole + 1) - 3 * variance));
  const double part = static_cast<float>(share / (6 * (variance - (whole + 1) * (whole + 1))));
  return static_cast<float>(whole + part);
}

Box findBox(double radius) {
  const int whole = static_cast<int>(radius);
  const auto full = static_cast<uint32_t>(kOne / static_cast<double>(static_cast<float>(radius * 2 + 1)));
  return {whole, full, (kOne - (2 * whole + 1) * full) / 2};
}

/** Running sums of lines [length], with room for whole vectors. */
class ColumnBlur {
 public:
  ColumnBlur(int count, int length, const Box& box, const Kernels& kernels)
      : count_(count), length_(length), box_(box), kernels_(kernels), sums_(length + 15) {}

  /** Three passes down the columns of `image` [count, length], which is overwritten, into `out`. */
  void runThrice(uint8_t* image, uint8_t* out) {
    run(image, out);
    run(out, image);
    run(image, out);
  }

 private:
  /** Lines outside repeat the border. */
  void run(const uint8_t* in, uint8_t* out) {
    const auto line = [&](int y) { return in + static_cast<ptrdiff_t>(std::clamp(y, 0, count_ - 1)) * length_; };
    std::fill(sums_.begin(), sums_.end(), 0);
    for (int y = -box_.whole - 1; y < box_.whole; y++) {
      const uint8_t* entering = line(y);
      for (int k = 0; k < length_; k++) sums_[k] += entering[k];
    }
    for (int y = 0; y < count_; y++, out += length_) {
      const BlurLines lines{line(y + box_.whole), line(y - box_.whole - 1), line(y + box_.whole + 1)};
      kernels_.blurLine(lines, sums_.data(), box_, length_, out);
    }
  }

  int count_, length_;
  Box box_;
  const Kernels& kernels_;
  std::vector<int32_t> sums_;
};

}  // namespace

View blurGaussian(const View& image, double sigma, Workspace& room) {
  const float radius = findBoxRadius(sigma);
  if (radius == 0) return image;
  const Box box = findBox(radius);
  const int width = image.width, height = image.height;
  const size_t plane = static_cast<size_t>(width) * height;
  View straight = image;
  if (image.column != 1) {
    uint8_t* planes = room.next(3 * plane);
    copyPlanes(image, planes);
    straight = viewPlanes(planes, width, height);
  }
  uint8_t* out = room.next(3 * plane);
  uint8_t* a = room.transposed[0].reserve(plane);
  uint8_t* b = room.transposed[1].reserve(plane);
  ColumnBlur rows(width, height, box, room.kernels), columns(height, width, box, room.kernels);
  for (int channel = 0; channel < 3; channel++, out += plane) {
    transpose(straight.at(0, channel), straight.row, height, width, a, height);
    rows.runThrice(a, b);
    transpose(b, height, width, height, a, width);
    columns.runThrice(a, out);
  }
  return viewPlanes(out - 3 * plane, width, height);
}

}  // namespace mocolab::image
