// Colours, as src/data/ops/{blend,grayscale,adjust-*}.ts to the bit: PIL's Image.blend in float32, cut
// off and not rounded, and its luma in 16-bit fixed point.

#include <algorithm>
#include <cmath>

#include "image.h"
#include "vector-clones.h"

namespace mocolab::image {
namespace {

inline int32_t luma(int32_t r, int32_t g, int32_t b) { return (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16; }

inline uint8_t blend(float value, float base, float alpha) {
  const float blended = base + alpha * (value - base);
  return static_cast<uint8_t>(static_cast<int32_t>(std::min(255.0f, std::max(0.0f, blended))));
}

VECTOR_CLONES void blendWithByte(uint8_t* bytes, size_t count, float base, float alpha) {
  for (size_t i = 0; i < count; i++) bytes[i] = blend(bytes[i], base, alpha);
}

VECTOR_CLONES void blendWithLuma(uint8_t* __restrict red, uint8_t* __restrict green, uint8_t* __restrict blue,
                                 size_t count, float alpha) {
  for (size_t i = 0; i < count; i++) {
    const auto base = static_cast<float>(luma(red[i], green[i], blue[i]));
    red[i] = blend(red[i], base, alpha);
    green[i] = blend(green[i], base, alpha);
    blue[i] = blend(blue[i], base, alpha);
  }
}

VECTOR_CLONES uint32_t sumLuma(const uint8_t* red, const uint8_t* green, const uint8_t* blue, size_t count) {
  uint32_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += luma(red[i], green[i], blue[i]);
  return sum;
}

VECTOR_CLONES void writeLuma(uint8_t* __restrict red, uint8_t* __restrict green, uint8_t* __restrict blue,
                             size_t count) {
  for (size_t i = 0; i < count; i++) {
    const auto gray = static_cast<uint8_t>(luma(red[i], green[i], blue[i]));
    red[i] = green[i] = blue[i] = gray;
  }
}

}  // namespace

void adjustBrightness(uint8_t* planes, size_t count, double factor) {
  blendWithByte(planes, 3 * count, 0, static_cast<float>(factor));
}

void adjustContrast(uint8_t* planes, size_t count, double factor) {
  constexpr size_t kStretch = 1 << 20; // Of which the sum fits into 32 bits.
  double sum = 0;
  for (size_t from = 0; from < count; from += kStretch) {
    const uint8_t* red = planes + from;
    sum += sumLuma(red, red + count, red + 2 * count, std::min(kStretch, count - from));
  }
  const double mean = std::floor(sum / static_cast<double>(count) + 0.5);
  blendWithByte(planes, 3 * count, static_cast<float>(mean), static_cast<float>(factor));
}

void adjustSaturation(uint8_t* planes, size_t count, double factor) {
  blendWithLuma(planes, planes + count, planes + 2 * count, count, static_cast<float>(factor));
}

void convertToGrayscale(uint8_t* planes, size_t count) {
  writeLuma(planes, planes + count, planes + 2 * count, count);
}

}  // namespace mocolab::image
