// Elementwise operations; operands broadcast as in NumPy.

#include "ops.h"

namespace mocolab {

at::Tensor Add(const Args& args) { return at::add(args.tensor(0), args.tensor(1)); }
at::Tensor Sub(const Args& args) { return at::sub(args.tensor(0), args.tensor(1)); }
at::Tensor Multiply(const Args& args) { return at::mul(args.tensor(0), args.tensor(1)); }
at::Tensor RealDiv(const Args& args) { return at::div(args.tensor(0), args.tensor(1)); }
at::Tensor Neg(const Args& args) { return at::neg(args.tensor(0)); }
at::Tensor Relu(const Args& args) { return at::relu(args.tensor(0)); }
at::Tensor Step(const Args& args) { return at::gt(args.tensor(0), 0).to(args.tensor(0).scalar_type()); }
at::Tensor Square(const Args& args) { return at::mul(args.tensor(0), args.tensor(0)); }
at::Tensor Sqrt(const Args& args) { return at::sqrt(args.tensor(0)); }
at::Tensor Rsqrt(const Args& args) { return at::rsqrt(args.tensor(0)); }
at::Tensor Exp(const Args& args) { return at::exp(args.tensor(0)); }
at::Tensor Log(const Args& args) { return at::log(args.tensor(0)); }

}  // namespace mocolab
