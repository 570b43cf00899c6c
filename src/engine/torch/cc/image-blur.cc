// PIL's GaussianBlur, as src/data/ops/gaussian-blur.ts to the bit: three passes of an extended box blur
// along rows and three along columns, 24-bit fixed point. Rows are columns of the transposed image, so
// that one pass serves both and its vector lanes run along a line.

#include <algorithm>
#include <cmath>
#include <vector>

#include "image.h"
#include "vector-clones.h"

namespace mocolab::image {
namespace {

constexpr uint32_t kOne = 1 << 24;

/** A box of 2 whole + 1 pixels of weight `full`, and one more of weight `edge` at each end. */
struct Box {
  int whole;
  uint32_t full, edge;
};

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

VECTOR_CLONES void blurLine(const uint8_t* __restrict entering, const uint8_t* __restrict leaving,
                            const uint8_t* __restrict next, uint32_t* __restrict sums, const Box& box, int length,
                            uint8_t* __restrict out) {
  const uint32_t full = box.full, edge = box.edge;
  for (int k = 0; k < length; k++) {
    const uint32_t sum = sums[k] + entering[k] - leaving[k];
    sums[k] = sum;
    out[k] = static_cast<uint8_t>((sum * full + (uint32_t{leaving[k]} + next[k]) * edge + kOne / 2) >> 24);
  }
}

/** One pass down the columns of a plane [count, length]; lines outside repeat the border. */
void blurDown(const uint8_t* in, int count, int length, const Box& box, uint32_t* sums, uint8_t* out) {
  const auto line = [&](int y) { return in + static_cast<ptrdiff_t>(std::clamp(y, 0, count - 1)) * length; };
  std::fill(sums, sums + length, 0);
  for (int y = -box.whole - 1; y < box.whole; y++) {
    const uint8_t* entering = line(y);
    for (int k = 0; k < length; k++) sums[k] += entering[k];
  }
  for (int y = 0; y < count; y++, out += length) {
    blurLine(line(y + box.whole), line(y - box.whole - 1), line(y + box.whole + 1), sums, box, length, out);
  }
}

/** Three passes down `image`, which is overwritten, into `out`. */
void blurThrice(uint8_t* image, int count, int length, const Box& box, uint8_t* out) {
  std::vector<uint32_t> sums(length);
  blurDown(image, count, length, box, sums.data(), out);
  blurDown(out, count, length, box, sums.data(), image);
  blurDown(image, count, length, box, sums.data(), out);
}

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
  for (int channel = 0; channel < 3; channel++, out += plane) {
    transpose(straight.at(0, channel), straight.row, height, width, a, height);
    blurThrice(a, width, height, box, b);
    transpose(b, height, width, height, a, width);
    blurThrice(a, height, width, box, out);
  }
  return viewPlanes(out - 3 * plane, width, height);
}

}  // namespace mocolab::image
