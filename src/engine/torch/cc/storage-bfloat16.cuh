// Numbers in memory as bfloat16, as bits: NVRTC then needs no headers.

typedef unsigned short Storage;

__device__ inline float load(const Storage* from) { return __uint_as_float((unsigned)*from << 16); }

/** To the nearest, halves to even; a NaN stays one. */
__device__ inline void store(Storage* to, float value) {
  const unsigned bits = __float_as_uint(value);
  const unsigned rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  *to = (Storage)(value != value ? 0x7fc0 : rounded);
}
