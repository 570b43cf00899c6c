// Products of matrices on the CPU.

#pragma once

#include <ATen/ATen.h>

namespace mocolab {

/**
 * a [M, K] b [K, N] -> [M, N] of their type. float32 on the CPU by our own loops, which need no BLAS: Debian's
 * libtorch may have none but the reference's, which is a hundred times slower. All else by ATen.
 */
at::Tensor multiplyMatrices(const at::Tensor& a, const at::Tensor& b);

}  // namespace mocolab
