// Vectors of 32-bit lanes for image-kernels.cc, which is compiled once for each instruction set. Arithmetic is
// the compiler's own; conversions between widths are spelled out. Without AVX2 a vector has one lane, and
// the compiler makes vectors of the loops (SSE, NEON).
// No inline function of the standard library here: the linker keeps one copy of each, and it might be the
// one that an older processor can't run.

#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace mocolab::image {
namespace {

#if defined(__AVX2__)
#if defined(__AVX512F__)
constexpr int kLanes = 16;
#else
constexpr int kLanes = 8;
#endif
using Ints = int32_t __attribute__((vector_size(4 * kLanes)));
using Unsigned = uint32_t __attribute__((vector_size(4 * kLanes)));
using Floats = float __attribute__((vector_size(4 * kLanes)));
using HalfDoubles = double __attribute__((vector_size(4 * kLanes)));
#else
constexpr int kLanes = 1;
using Ints = int32_t;
using Unsigned = uint32_t;
using Floats = float;
using HalfDoubles = double;
#endif

/** A double for each lane. */
struct Doubles {
  HalfDoubles low, high;
};

#define MOCOLAB_INLINE static inline __attribute__((always_inline))

MOCOLAB_INLINE Ints spread(int32_t value) { return Ints{} + value; }
MOCOLAB_INLINE Floats spread(float value) { return Floats{} + value; }

#if defined(__AVX512F__)

MOCOLAB_INLINE Ints widen(const uint8_t* from) {
  return (Ints)_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
MOCOLAB_INLINE void narrow(Ints values, uint8_t* to) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8((__m512i)values));
}
MOCOLAB_INLINE Floats toFloats(Ints values) { return (Floats)_mm512_cvtepi32_ps((__m512i)values); }
MOCOLAB_INLINE Ints cut(Floats values) { return (Ints)_mm512_cvttps_epi32((__m512)values); }
MOCOLAB_INLINE Doubles toDoubles(Floats values) {
  const auto all = (__m512d)values;
  return {(HalfDoubles)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)values)),
          (HalfDoubles)_mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(all, 1)))};
}
MOCOLAB_INLINE Floats toFloats(Doubles values) {
  const __m256 low = _mm512_cvtpd_ps((__m512d)values.low), high = _mm512_cvtpd_ps((__m512d)values.high);
  return (Floats)_mm512_insertf64x4(_mm512_castps_pd(_mm512_castps256_ps512(low)), _mm256_castps_pd(high), 1);
}
MOCOLAB_INLINE Ints cut(Doubles values) {
  const __m256i low = _mm512_cvttpd_epi32((__m512d)values.low), high = _mm512_cvttpd_epi32((__m512d)values.high);
  return (Ints)_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

#elif defined(__AVX2__)

MOCOLAB_INLINE Ints widen(const uint8_t* from) {
  return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
MOCOLAB_INLINE void narrow(Ints values, uint8_t* to) {
  const __m128i low = _mm256_castsi256_si128((__m256i)values), high = _mm256_extracti128_si256((__m256i)values, 1);
  const __m128i words = _mm_packus_epi32(low, high);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}
MOCOLAB_INLINE Floats toFloats(Ints values) { return (Floats)_mm256_cvtepi32_ps((__m256i)values); }
MOCOLAB_INLINE Ints cut(Floats values) { return (Ints)_mm256_cvttps_epi32((__m256)values); }
MOCOLAB_INLINE Doubles toDoubles(Floats values) {
  return {(HalfDoubles)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)values)),
          (HalfDoubles)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)values, 1))};
}
MOCOLAB_INLINE Floats toFloats(Doubles values) {
  return (Floats)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)values.high), _mm256_cvtpd_ps((__m256d)values.low));
}
MOCOLAB_INLINE Ints cut(Doubles values) {
  return (Ints)_mm256_set_m128i(_mm256_cvttpd_epi32((__m256d)values.high), _mm256_cvttpd_epi32((__m256d)values.low));
}

#else

MOCOLAB_INLINE Ints widen(const uint8_t* from) { return *from; }
MOCOLAB_INLINE void narrow(Ints value, uint8_t* to) { *to = static_cast<uint8_t>(value); }
MOCOLAB_INLINE Floats toFloats(Ints value) { return static_cast<float>(value); }
MOCOLAB_INLINE Ints cut(Floats value) { return static_cast<int32_t>(value); }
MOCOLAB_INLINE Doubles toDoubles(Floats value) { return {value, 0}; }
MOCOLAB_INLINE Floats toFloats(Doubles value) { return static_cast<float>(value.low); }
MOCOLAB_INLINE Ints cut(Doubles value) { return static_cast<int32_t>(value.low); }

#endif

/** All lanes of a vector, from and to memory. */
struct Whole {
  MOCOLAB_INLINE Ints load(const uint8_t* from) { return widen(from); }
  MOCOLAB_INLINE void store(uint8_t* to, Ints values) { narrow(values, to); }
};

/** The first lanes: the rest is 0 and is not written. */
struct Part {
  size_t count;

  inline __attribute__((always_inline)) Ints load(const uint8_t* from) const {
    uint8_t bytes[kLanes] = {};
    memcpy(bytes, from, count);
    return widen(bytes);
  }
  inline __attribute__((always_inline)) void store(uint8_t* to, Ints values) const {
    uint8_t bytes[kLanes];
    narrow(values, bytes);
    memcpy(to, bytes, count);
  }
};

/** Calls step(position, lanes) over `count` bytes. */
template <typename Step>
MOCOLAB_INLINE void sweep(size_t count, const Step& step) {
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) step(at, Whole{});
  if (at < count) step(at, Part{count - at});
}

}  // namespace
}  // namespace mocolab::image
