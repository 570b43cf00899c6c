// The inner loops, to the bit as src/data/ops/*.ts have them. Compiled once for each instruction set
// (CMakeLists.txt); MOCOLAB_KERNELS names the table that this compilation makes.

#include "image-kernels.h"

#include "image-lanes.h"

namespace mocolab::image {
namespace {

/** `taps` known to the compiler, unless it is 0. */
template <int taps>
MOCOLAB_INLINE void sumSomeLines(const uint8_t* in, ptrdiff_t line, const int32_t* weights, int count, int length,
                                 uint8_t* __restrict out) {
  const int end = taps > 0 ? taps : count;
  sweep(length, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    Ints sum = spread(1 << (kPrecisionBits - 1));
    for (int tap = 0; tap < end; tap++) sum += weights[tap] * lanes.load(in + tap * line + at);
    sum >>= kPrecisionBits;
    lanes.store(out + at, sum > 255 ? spread(255) : sum);
  });
}

void sumLines(const uint8_t* in, ptrdiff_t line, const int32_t* weights, int taps, int length, uint8_t* out) {
  switch (taps) {
    case 1: return sumSomeLines<1>(in, line, weights, taps, length, out);
    case 2: return sumSomeLines<2>(in, line, weights, taps, length, out);
    case 3: return sumSomeLines<3>(in, line, weights, taps, length, out);
    case 4: return sumSomeLines<4>(in, line, weights, taps, length, out);
    case 5: return sumSomeLines<5>(in, line, weights, taps, length, out);
    default: return sumSomeLines<0>(in, line, weights, taps, length, out);
  }
}

void blurLine(const BlurLines& lines, int32_t* __restrict sums, const Box& box, int length,
              uint8_t* __restrict out) {
  const uint32_t full = box.full, edge = box.edge;
  sweep(length, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    const Ints leaving = lanes.load(lines.leaving + at);
    Ints sum;
    memcpy(&sum, sums + at, sizeof sum);
    sum += lanes.load(lines.entering + at) - leaving;
    memcpy(sums + at, &sum, sizeof sum);
    const auto weighted = (Unsigned)sum * full +
                          (Unsigned)(leaving + lanes.load(lines.next + at)) * edge;
    lanes.store(out + at, (Ints)((weighted + (1u << 23)) >> 24));
  });
}

MOCOLAB_INLINE Ints lumaOf(Ints r, Ints g, Ints b) { return (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16; }

MOCOLAB_INLINE Ints blend(Ints bytes, Floats base, float alpha) {
  const Floats blended = base + alpha * (toFloats(bytes) - base);
  const Floats low = blended > 0 ? blended : Floats{};
  return cut(low < 255 ? low : spread(255.0f));
}

void blendWithByte(uint8_t* bytes, size_t count, float base, float alpha) {
  sweep(count, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    lanes.store(bytes + at, blend(lanes.load(bytes + at), spread(base), alpha));
  });
}

void blendWithLuma(uint8_t* planes, size_t count, float alpha) {
  sweep(count, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    uint8_t* red = planes + at;
    uint8_t *green = red + count, *blue = green + count;
    const Ints r = lanes.load(red), g = lanes.load(green), b = lanes.load(blue);
    const Floats base = toFloats(lumaOf(r, g, b));
    lanes.store(red, blend(r, base, alpha));
    lanes.store(green, blend(g, base, alpha));
    lanes.store(blue, blend(b, base, alpha));
  });
}

uint64_t sumLuma(const uint8_t* planes, size_t count) {
  constexpr size_t kStretch = 1 << 20; // Of which a lane's sum fits into 31 bits.
  uint64_t total = 0;
  for (size_t from = 0; from < count; from += kStretch) {
    Ints sums{};
    sweep(count - from < kStretch ? count - from : kStretch, [&](size_t at, auto lanes) __attribute__((always_inline)) {
      const uint8_t* red = planes + from + at;
      sums += lumaOf(lanes.load(red), lanes.load(red + count), lanes.load(red + 2 * count));
    });
    int32_t lanes[kLanes];
    memcpy(lanes, &sums, sizeof sums);
    for (const int32_t sum : lanes) total += sum;
  }
  return total;
}

void writeLuma(uint8_t* planes, size_t count) {
  sweep(count, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    uint8_t* red = planes + at;
    const Ints luma = lumaOf(lanes.load(red), lanes.load(red + count), lanes.load(red + 2 * count));
    for (int channel = 0; channel < 3; channel++) lanes.store(red + channel * count, luma);
  });
}

/** PIL's HSV. */
struct Hsv {
  Ints hue, saturation, value;
};

MOCOLAB_INLINE Ints cutByte(Doubles share) { return cut(Doubles{share.low * 255, share.high * 255}); }

MOCOLAB_INLINE Hsv toHsv(Ints r, Ints g, Ints b) {
  const Ints larger = g > b ? g : b, smaller = g < b ? g : b;
  const Ints value = r > larger ? r : larger, least = r < smaller ? r : smaller;
  const Ints range = value - least;
  const Ints isRed = r == value, isGreen = g == value;
  // The channel before the greatest on the circle, and the one after it; one of both is the least.
  const Ints before = isRed ? b : isGreen ? r : g;
  const Ints after = isRed ? g : isGreen ? b : r;
  const Ints middle = isRed ? spread(0) : isGreen ? spread(2) : spread(4);
  const Ints forward = before == least;
  const Ints distance = value - (forward ? after : before);
  const Floats share = toFloats(distance) / toFloats(range > 0 ? range : spread(1));
  // A single rounding, as `base + (1 - share)` has it.
  const Floats sector = toFloats(forward ? middle + 1 : middle - 1) + (forward ? -share : share);
  const Doubles sixths = toDoubles(sector);
  constexpr double kSixth = 1.0 / 6; // Gives the byte of a division for every sector that there is.
  Doubles turns{sixths.low * kSixth + 1, sixths.high * kSixth + 1};
  turns.low = turns.low >= 1 ? turns.low - 1 : turns.low;
  turns.high = turns.high >= 1 ? turns.high - 1 : turns.high;
  const Floats saturation = toFloats(range) / toFloats(value > 0 ? value : spread(1));
  return {cutByte(toDoubles(toFloats(turns))), cutByte(toDoubles(saturation)), value};
}

/** value * (1 - share), rounded: in double, as PIL has it. */
MOCOLAB_INLINE Ints darken(Doubles value, Doubles share) {
  return cut(Doubles{value.low * (1 - share.low) + 0.5, value.high * (1 - share.high) + 0.5});
}

void turnHue(uint8_t* planes, size_t count, int32_t shift) {
  sweep(count, [&](size_t at, auto lanes) __attribute__((always_inline)) {
    uint8_t* red = planes + at;
    uint8_t *green = red + count, *blue = green + count;
    const Hsv hsv = toHsv(lanes.load(red), lanes.load(green), lanes.load(blue));
    const Floats angle = toFloats(((hsv.hue + shift) & 255) * 6) / 255.0f;
    const Ints whole = cut(angle);
    const Ints sector = whole == 6 ? spread(0) : whole;
    const Floats rest = angle - toFloats(whole);
    const Ints falls = (sector & 1) == 1;
    // rest where the channel falls, else 1 - rest; exact in double alone.
    const Doubles base = toDoubles(falls ? Floats{} : spread(1.0f)), turn = toDoubles(falls ? rest : -rest);
    const Doubles value = toDoubles(toFloats(hsv.value));
    const Floats share = toFloats(hsv.saturation) / 255.0f;
    const Doubles saturation = toDoubles(share);
    const Ints mid = darken(
        value, {saturation.low * (base.low + turn.low), saturation.high * (base.high + turn.high)});
    const Ints low = cut(toFloats(hsv.value) * (1.0f - share) + 0.5f); // Never within 1/510 of a half: no double.
    const auto choose = [&](int top, int alsoTop, int half, int alsoHalf) {
      return ((sector == top) | (sector == alsoTop)) ? hsv.value : ((sector == half) | (sector == alsoHalf)) ? mid : low;
    };
    lanes.store(red, choose(0, 5, 1, 4));
    lanes.store(green, choose(1, 2, 0, 3));
    lanes.store(blue, choose(3, 4, 2, 5));
  });
}

}  // namespace

#define MOCOLAB_TEXT(name) #name
#define MOCOLAB_NAME(name) MOCOLAB_TEXT(name)
#define MOCOLAB_TABLE_OF(name) name##Kernels
#define MOCOLAB_TABLE(name) MOCOLAB_TABLE_OF(name)

const Kernels MOCOLAB_TABLE(MOCOLAB_KERNELS){MOCOLAB_NAME(MOCOLAB_KERNELS), sumLines, blurLine, blendWithByte,
                                             blendWithLuma, sumLuma, writeLuma, turnHue};

}  // namespace mocolab::image
