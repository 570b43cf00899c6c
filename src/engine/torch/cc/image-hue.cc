// Hue, as src/data/ops/adjust-hue.ts to the bit: PIL's RGB -> HSV -> RGB with bytes in between, float32 and
// double where libImaging/Convert.c has them. Written without branches, a stretch of pixels at a time, each
// loop in one type, so that all of it is vectorised.

#include <algorithm>

#include "image.h"
#include "vector-clones.h"

namespace mocolab::image {
namespace {

constexpr int kStretch = 256;

struct Stretch {
  int32_t value[kStretch], range[kStretch], hue[kStretch], saturation[kStretch];
  float sector[kStretch];
};

/** Value, range, and the sector of the circle, 0 to 6: exactly one rounding, as `base + (1 - share)` has. */
__attribute__((always_inline)) inline void findSectors(const uint8_t* red, const uint8_t* green, const uint8_t* blue,
                                                       Stretch& s, int count) {
  for (int i = 0; i < count; i++) {
    const int32_t r = red[i], g = green[i], b = blue[i];
    const int32_t value = std::max(r, std::max(g, b)), least = std::min(r, std::min(g, b));
    const int32_t range = value - least;
    // The channel before the greatest on the circle, and the one after it; the lesser is `least`.
    const int32_t before = r == value ? b : g == value ? r : g;
    const int32_t after = r == value ? g : g == value ? b : r;
    const int32_t middle = r == value ? 0 : g == value ? 2 : 4;
    const int32_t forward = before == least;
    const int32_t distance = value - (forward ? after : before);
    const float share = static_cast<float>(distance) / static_cast<float>(std::max(1, range));
    s.sector[i] = static_cast<float>(forward ? middle + 1 : middle - 1) + (forward ? -share : share);
    s.value[i] = value;
    s.range[i] = range;
  }
}

__attribute__((always_inline)) inline void roundToBytes(Stretch& s, int32_t shift, int count) {
  for (int i = 0; i < count; i++) {
    const double turns = static_cast<double>(s.sector[i]) / 6 + 1;
    const auto hue = static_cast<float>(turns >= 1 ? turns - 1 : turns);
    s.hue[i] = (static_cast<int32_t>(static_cast<double>(hue) * 255) + shift) & 255;
  }
  for (int i = 0; i < count; i++) {
    const float share = static_cast<float>(s.range[i]) / static_cast<float>(std::max(1, s.value[i]));
    s.saturation[i] = static_cast<int32_t>(static_cast<double>(share) * 255);
  }
}

__attribute__((always_inline)) inline void writeRgb(const Stretch& s, uint8_t* red, uint8_t* green, uint8_t* blue,
                                                    int count) {
  for (int i = 0; i < count; i++) {
    const float angle = static_cast<float>(s.hue[i] * 6) / 255.0f;
    const auto whole = static_cast<int32_t>(angle);
    const int32_t sector = whole == 6 ? 0 : whole;
    const double rest = angle - static_cast<float>(whole);
    const double saturation = static_cast<float>(s.saturation[i]) / 255.0f;
    const double value = s.value[i];
    const double share = (sector & 1) != 0 ? rest : 1 - rest;
    const auto v = static_cast<uint8_t>(s.value[i]);
    const auto low = static_cast<uint8_t>(static_cast<int32_t>(value * (1 - saturation) + 0.5));
    const auto mid = static_cast<uint8_t>(static_cast<int32_t>(value * (1 - saturation * share) + 0.5));
    red[i] = sector == 0 || sector == 5 ? v : sector == 1 || sector == 4 ? mid : low;
    green[i] = sector == 1 || sector == 2 ? v : sector == 0 || sector == 3 ? mid : low;
    blue[i] = sector == 3 || sector == 4 ? v : sector == 2 || sector == 5 ? mid : low;
  }
}

VECTOR_CLONES void turnHue(uint8_t* __restrict red, uint8_t* __restrict green, uint8_t* __restrict blue, size_t count,
                           int32_t shift) {
  Stretch stretch;
  for (size_t from = 0; from < count; from += kStretch) {
    const int here = static_cast<int>(std::min<size_t>(kStretch, count - from));
    findSectors(red + from, green + from, blue + from, stretch, here);
    roundToBytes(stretch, shift, here);
    writeRgb(stretch, red + from, green + from, blue + from, here);
  }
}

}  // namespace

void adjustHue(uint8_t* planes, size_t count, double factor) {
  turnHue(planes, planes + count, planes + 2 * count, count, static_cast<int32_t>(factor * 255) & 255);
}

}  // namespace mocolab::image
