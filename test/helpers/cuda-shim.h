// CUDA's words for a C++ compiler: a kernel is a function, and its threads run one after another.

#include <cmath>
#include <cstring>

#define __global__
#define __device__

struct Index {
  unsigned x;
};
static Index blockIdx, threadIdx, blockDim, gridDim;

static float rsqrtf(float value) { return 1 / std::sqrt(value); }
static unsigned __float_as_uint(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
static float __uint_as_float(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/** kernel<<<blocks, threads>>>(arguments...) */
template <typename Kernel, typename... Arguments>
void launch(const Kernel& kernel, unsigned blocks, unsigned threads, Arguments... arguments) {
  gridDim.x = blocks;
  blockDim.x = threads;
  for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
    for (threadIdx.x = 0; threadIdx.x < threads; threadIdx.x++) kernel(arguments...);
}
