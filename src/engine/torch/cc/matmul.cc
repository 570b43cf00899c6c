// Products of matrices and more general contractions.

#include "device.h"
#include "ops.h"
#include "product.h"

namespace mocolab {

/** a [..., M, K], b [..., K, N], whether each comes transposed. Batches broadcast. */
at::Tensor BatchMatMul(const Args& args) {
  const at::Tensor a = args.flag(2) ? widen(args.tensor(0)).transpose(-2, -1) : widen(args.tensor(0));
  const at::Tensor b = args.flag(3) ? widen(args.tensor(1)).transpose(-2, -1) : widen(args.tensor(1));
  return a.dim() == 2 && b.dim() == 2 ? multiplyMatrices(a, b) : at::matmul(a, b).contiguous();
}

/** equation, operands. */
at::Tensor Einsum(const Args& args) {
  const std::string equation = args.value(0).As<Napi::String>();
  return at::einsum(equation, args.tensors(1)).contiguous();
}

}  // namespace mocolab
