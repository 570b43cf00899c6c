// Values of the host on their way to the GPU.

#pragma once

#include <ATen/ATen.h>

#include <cstring>

namespace mocolab::gpu {

/** A tensor that the current stream fills, through pinned memory: the host does not wait. */
inline at::Tensor beginUpload(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  const at::Tensor pinned = at::empty(shape, at::TensorOptions(type).pinned_memory(true));
  if (bytes > 0) std::memcpy(pinned.data_ptr(), values, bytes);
  at::Tensor tensor = at::empty(shape, at::TensorOptions(at::kCUDA).dtype(type));
  tensor.copy_(pinned, true);
  return tensor;
}

}  // namespace mocolab::gpu
