// bfloat16 as bits that a loop can widen and round: a compiler vectorises these, c10::BFloat16 it doesn't.

#pragma once

#include <ATen/ATen.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstring>

namespace mocolab {

#define MOCOLAB_INLINE inline __attribute__((always_inline))

/** The upper half of a float32. */
struct Bfloat16 {
  uint16_t bits;
};

MOCOLAB_INLINE float toFloat(float value) { return value; }
MOCOLAB_INLINE float toFloat(Bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

template <typename T>
MOCOLAB_INLINE T fromFloat(float value);
template <>
MOCOLAB_INLINE float fromFloat<float>(float value) {
  return value;
}
/** To the nearest, halves to even; a NaN stays one. */
template <>
MOCOLAB_INLINE Bfloat16 fromFloat<Bfloat16>(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return {static_cast<uint16_t>(value != value ? 0x7fc0 : rounded)};
}

inline bool isBfloat16(const at::Tensor& tensor) { return tensor.scalar_type() == at::kBFloat16; }

/** The values of a contiguous tensor. */
template <typename T>
inline T* valuesOf(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

}  // namespace mocolab
