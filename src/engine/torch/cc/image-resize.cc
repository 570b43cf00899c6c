// PIL's Image.resize with BILINEAR, as src/data/ops/resize.ts to the bit: a triangle filter that widens
// when it shrinks, columns first and then rows, 22-bit fixed point, a byte in between. Both passes are
// sums of weighted lines: columns are transposed first, so that the vector lanes run along a line.

#include <algorithm>
#include <cmath>
#include <vector>

#include "image.h"
#include "vector-clones.h"

namespace mocolab::image {
namespace {

constexpr int kPrecisionBits = 22;
constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

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

inline uint8_t toByte(int32_t sum) {
  const int32_t value = sum >> kPrecisionBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

/** One output line of few inputs: their number is known to the compiler, the sums stay in registers. */
template <int count>
__attribute__((always_inline)) inline void sumLines(const uint8_t* __restrict in, ptrdiff_t inLine,
                                                    const int32_t* weights, int length, uint8_t* __restrict out) {
  int32_t held[count];
  for (int tap = 0; tap < count; tap++) held[tap] = weights[tap];
  for (int k = 0; k < length; k++) {
    int32_t sum = kHalf;
    for (int tap = 0; tap < count; tap++) sum += held[tap] * in[tap * inLine + k];
    out[k] = toByte(sum);
  }
}

/** One output line of any number of inputs, a stretch of sums at a time. */
__attribute__((always_inline)) inline void sumManyLines(const uint8_t* __restrict in, ptrdiff_t inLine,
                                                        const int32_t* weights, int count, int length,
                                                        uint8_t* __restrict out) {
  constexpr int kStretch = 256;
  int32_t sums[kStretch];
  for (int from = 0; from < length; from += kStretch) {
    const int here = std::min(kStretch, length - from);
    for (int k = 0; k < here; k++) sums[k] = kHalf;
    for (int tap = 0; tap < count; tap++) {
      const int32_t weight = weights[tap];
      const uint8_t* line = in + tap * inLine + from;
      for (int k = 0; k < here; k++) sums[k] += weight * line[k];
    }
    for (int k = 0; k < here; k++) out[from + k] = toByte(sums[k]);
  }
}

/** A pass: every output line is a weighted sum of input lines. */
VECTOR_CLONES void filterLines(const uint8_t* in, ptrdiff_t inLine, const Weights& weights, int length, uint8_t* out,
                               ptrdiff_t outLine) {
  for (size_t i = 0; i < weights.starts.size(); i++, out += outLine) {
    const int32_t* values = &weights.values[i * weights.taps];
    const uint8_t* first = in + weights.starts[i] * inLine;
    switch (weights.counts[i]) {
      case 1: sumLines<1>(first, inLine, values, length, out); break;
      case 2: sumLines<2>(first, inLine, values, length, out); break;
      case 3: sumLines<3>(first, inLine, values, length, out); break;
      case 4: sumLines<4>(first, inLine, values, length, out); break;
      case 5: sumLines<5>(first, inLine, values, length, out); break;
      case 6: sumLines<6>(first, inLine, values, length, out); break;
      default: sumManyLines(first, inLine, values, weights.counts[i], length, out);
    }
  }
}

/** Lines of a transposed image start at multiples of this, for whole vectors; the rest is never read. */
constexpr int kAlign = 32;

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
    filterLines(turned + channel * plane, line, weights, image.height, out, lines);
    transpose(out, lines, width, image.height, planes + static_cast<ptrdiff_t>(channel) * width * image.height, width);
  }
  return viewPlanes(planes, width, image.height);
}

View resizeRows(const View& image, int height, Workspace& room) {
  const Weights weights = computeWeights(image.height, height);
  uint8_t* planes = room.next(countBytes(image.width, height));
  for (int channel = 0; channel < 3; channel++) {
    uint8_t* out = planes + static_cast<ptrdiff_t>(channel) * image.width * height;
    filterLines(image.at(0, channel), image.row, weights, image.width, out, image.width);
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
