// The inner loops of image steps, one table of them for each instruction set.

#pragma once

#include <stddef.h>
#include <stdint.h>

namespace mocolab::image {

/** A box of 2 whole + 1 pixels of weight `full`, and one more of weight `edge` at each end; sum 2^24. */
struct Box {
  int whole;
  uint32_t full, edge;
};

/** Lines that enter and leave a running sum of lines. */
struct BlurLines {
  const uint8_t *entering, *leaving, *next;
};

/** Bits after the point of resize's weights. */
constexpr int kPrecisionBits = 22;

struct Kernels {
  const char* name;
  /** out[k] = sum over taps of weights[tap] * in[tap * line + k], rounded to a byte. */
  void (*sumLines)(const uint8_t* in, ptrdiff_t line, const int32_t* weights, int taps, int length, uint8_t* out);
  /** One line of a box blur. `sums` has room for whole vectors: length + 15. */
  void (*blurLine)(const BlurLines& lines, int32_t* sums, const Box& box, int length, uint8_t* out);
  /** `base + alpha (byte - base)`, cut off. */
  void (*blendWithByte)(uint8_t* bytes, size_t count, float base, float alpha);
  // Three planes of `count` bytes.
  void (*blendWithLuma)(uint8_t* planes, size_t count, float alpha);
  uint64_t (*sumLuma)(const uint8_t* planes, size_t count);
  void (*writeLuma)(uint8_t* planes, size_t count);
  /** `shift` in 255ths of the circle, 0 to 255. */
  void (*turnHue)(uint8_t* planes, size_t count, int32_t shift);
};

extern const Kernels plainKernels;
#if defined(__x86_64__)
extern const Kernels avx2Kernels, avx512Kernels;
#endif

/** The best for this processor, or the named ones; null where it has not got those. */
const Kernels* chooseKernels(const char* name);

}  // namespace mocolab::image
