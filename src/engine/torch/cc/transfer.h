// Values between the host and the engine's device.

#pragma once

#include <cstring>

#include "device.h"
#include "gpu.h"

namespace mocolab {

/** A new tensor. */
inline at::Tensor copyIn(const void* values, size_t bytes, at::IntArrayRef shape, at::ScalarType type) {
  if (settings().device.is_cuda()) return gpu::copyIn(values, bytes, shape, type);
  at::Tensor tensor = at::empty(shape, on(type));
  if (bytes > 0) std::memcpy(tensor.data_ptr(), values, bytes);
  return tensor;
}

/** The values of a contiguous tensor. */
inline void copyOut(const at::Tensor& tensor, void* to) {
  if (tensor.is_cuda())
    gpu::copyOut(tensor, to);
  else if (tensor.nbytes() > 0)
    std::memcpy(to, tensor.data_ptr(), tensor.nbytes());
}

}  // namespace mocolab
