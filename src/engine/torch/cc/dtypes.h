// Element types by their number in binding.ts; the last is bfloat16, which the addon alone sees.

#pragma once

#include <ATen/ATen.h>

namespace mocolab {

inline at::ScalarType scalarType(int64_t dtype) {
  static constexpr at::ScalarType types[] = {at::kFloat, at::kInt, at::kBool, at::kComplexFloat,
                                             at::kBFloat16};
  return types[dtype];
}

}  // namespace mocolab
