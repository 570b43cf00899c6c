// Where the engine's tensors live, and in which type it convolves: said once, before the first tensor.

#pragma once

#include <ATen/ATen.h>

namespace mocolab {

struct Settings {
  at::Device device = at::Device(at::kCPU);
  /** Type of activations and of what convolutions read: float32 or bfloat16. */
  at::ScalarType activations = at::kFloat;
  /** Operations made of ATen's instead of our loops over memory: always on a GPU, and for tests on a CPU. */
  bool composed = false;
};

Settings& settings();

/** Options of a new tensor. Every factory function must be told: ATen's own default is the CPU. */
inline at::TensorOptions on(at::ScalarType type) { return at::TensorOptions(settings().device).dtype(type); }

/** A float tensor in the type in which this engine convolves. */
inline at::Tensor asActivation(const at::Tensor& tensor) {
  const bool isFloat = tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16;
  return isFloat ? tensor.to(settings().activations) : tensor;
}

/** For sums, losses and matrix products, which bfloat16 is too coarse for. */
inline at::Tensor widen(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

}  // namespace mocolab
