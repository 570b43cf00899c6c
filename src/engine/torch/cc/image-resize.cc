// PIL's Image.resize with BILINEAR, as src/data/ops/resize.ts to the bit: a triangle filter that widens
// when it shrinks, columns first and then rows, 22-bit fixed point, a byte in between. Both passes are
// sums of weighted lines: columns are transposed first, so that the vector lanes run along a line.

#include <algorithm>
#include <cmath>
#include <vector>

#include "image.h"

namespace mocolab::image {
namespace {

/** Output i sums the inputs from starts[i], counts[i] of them, by the weights from i * taps. */
struct Weights {
  int taps;
  std::vector<int> starts, counts;
  std::vector<int32_t> values;
};

/** In doubles and in the order of resize.ts: the weights are the same to the bit. */
Weights computeWeights(int inputSize, int outputSize) {
  const double scale = static_cast<double>(inputSize) / outputSize;
  const double support = std::max(1.0, scale);
  const int taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  Weights weights{taps, std::vector<int>(outputSize), std::vector<int>(outputSize),
                  std::vector<int32_t>(static_cast<size_t>(outputSize) * taps)};
  std::vector<double> raw(taps);
  for (int i = 0; i < outputSize; i++) {
    const double center = (i + 0.5) * scale;
    const int start = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(inputSize, static_cast<int>(center + support + 0.5));
    double total = 0;
    for (int x = start; x < end; x++) {
      raw[x - start] = std::max(0.0, 1 - std::abs((x - center + 0.5) / support));
      total += raw[x - start];
    }
    weights.starts[i] = start;
    weights.counts[i] = end - start;
    for (int x = 0; x < end - start; x++) {
      weights.values[i * taps + x] = static_cast<int32_t>(0.5 + raw[x] / total * (1 << kPrecisionBits));
    }
  }
  return weights;
}

/** A pass: every output line is a weighted sum of input lines. */
void filterLines(const uint8_t* in, ptrdiff_t inLine, const Weights& weights, int length, uint8_t* out,
                 ptrdiff_t outLine, const Kernels& kernels) {
  for (size_t i = 0; i < weights.starts.size(); i++, out += outLine) {
    const int32_t* values = &weights.values[i * weights.taps];
    kernels.sumLines(in + weights.starts[i] * inLine, inLine, values, weights.counts[i], length, out);
  }
}

/** Lines of a transposed image start at multiples of this, for whole vectors; what is beyond the
 * image is summed too, and left. */
constexpr int kAlign = 16;

View resizeColumns(const View& image, int width, Workspace& room) {
  const int lines = (image.height + kAlign - 1) / kAlign * kAlign;
  const Weights weights = computeWeights(image.width, width);
  uint8_t* turned = room.transposed[0].reserve(countBytes(image.width, lines));
  uint8_t* narrowed = room.transposed[1].reserve(countBytes(width, lines));
  const bool interleaved = image.column == 3;
  if (interleaved) {
    transpose(image.first, image.row, image.height, 3 * image.width, turned, lines);
  } else {
    for (int channel = 0; channel < 3; channel++) {
      uint8_t* out = turned + static_cast<ptrdiff_t>(channel) * image.width * lines;
      transpose(image.at(0, channel), image.row, image.height, image.width, out, lines);
    }
  }
  const ptrdiff_t line = interleaved ? ptrdiff_t{3} * lines : lines;
  const ptrdiff_t plane = interleaved ? lines : static_cast<ptrdiff_t>(image.width) * lines;
  uint8_t* planes = room.next(countBytes(width, image.height));
  for (int channel = 0; channel < 3; channel++) {
    uint8_t* out = narrowed + static_cast<ptrdiff_t>(channel) * width * lines;
    filterLines(turned + channel * plane, line, weights, lines, out, lines, room.kernels);
    transpose(out, lines, width, image.height, planes + static_cast<ptrdiff_t>(channel) * width * image.height, width);
  }
  return viewPlanes(planes, width, image.height);
}

View resizeRows(const View& image, int height, Workspace& room) {
  const Weights weights = computeWeights(image.height, height);
  uint8_t* planes = room.next(countBytes(image.width, height));
  for (int channel = 0; channel < 3; channel++) {
    uint8_t* out = planes + static_cast<ptrdiff_t>(channel) * image.width * height;
    filterLines(image.at(0, channel), image.row, weights, image.width, out, image.width, room.kernels);
  }
  return viewPlanes(planes, image.width, height);
}

/** Bytes of a line side by side, as both passes read them: turns a flipped view, and planes for rows alone. */
View straighten(const View& image, bool columns, Workspace& room) {
  if (image.column == 1 || (image.column == 3 && columns)) return image;
  uint8_t* planes = room.next(countBytes(image.width, image.height));
  copyPlanes(image, planes);
  return viewPlanes(planes, image.width, image.height);
}

}  // namespace

View resize(const View& image, int width, int height, Workspace& room) {
  if (image.width == width && image.height == height) return image;
  const bool columns = image.width != width;
  const View straight = straighten(image, columns, room);
  const View narrowed = columns ? resizeColumns(straight, width, room) : straight;
  return narrowed.height == height ? narrowed : resizeRows(narrowed, height, room);
}

}  // namespace mocolab::image
