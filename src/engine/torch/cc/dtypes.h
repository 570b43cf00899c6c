// Element types by their number in binding.ts.

#pragma once

#include <ATen/ATen.h>

namespace mocolab {

inline at::ScalarType scalarType(int64_t dtype) {
  static constexpr at::ScalarType types[] = {at::kFloat, at::kInt, at::kBool, at::kComplexFloat};
  return types[dtype];
}

}  // namespace mocolab
