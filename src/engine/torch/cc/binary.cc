// Operations on two tensors, element by element; operands broadcast as in NumPy and have one type.

#include "ops.h"

namespace mocolab {
namespace {

/** Integers are divided as floats would be: by zero is no error. */
at::Tensor toFloats(const at::Tensor& x) { return x.is_floating_point() ? x : x.to(at::kDouble); }

}  // namespace

at::Tensor Add(const Args& args) { return at::add(args.tensor(0), args.tensor(1)); }
at::Tensor Atan2(const Args& args) { return at::atan2(args.tensor(0), args.tensor(1)); }
at::Tensor BitwiseAnd(const Args& args) { return at::bitwise_and(args.tensor(0), args.tensor(1)); }
at::Tensor Equal(const Args& args) { return at::eq(args.tensor(0), args.tensor(1)); }
at::Tensor Greater(const Args& args) { return at::gt(args.tensor(0), args.tensor(1)); }
at::Tensor GreaterEqual(const Args& args) { return at::ge(args.tensor(0), args.tensor(1)); }
at::Tensor Less(const Args& args) { return at::lt(args.tensor(0), args.tensor(1)); }
at::Tensor LessEqual(const Args& args) { return at::le(args.tensor(0), args.tensor(1)); }
at::Tensor LogicalAnd(const Args& args) { return at::logical_and(args.tensor(0), args.tensor(1)); }
at::Tensor LogicalOr(const Args& args) { return at::logical_or(args.tensor(0), args.tensor(1)); }
at::Tensor Maximum(const Args& args) { return at::maximum(args.tensor(0), args.tensor(1)); }
at::Tensor Minimum(const Args& args) { return at::minimum(args.tensor(0), args.tensor(1)); }
at::Tensor Multiply(const Args& args) { return at::mul(args.tensor(0), args.tensor(1)); }
at::Tensor NotEqual(const Args& args) { return at::ne(args.tensor(0), args.tensor(1)); }
at::Tensor RealDiv(const Args& args) { return at::div(args.tensor(0), args.tensor(1)); }
at::Tensor Sub(const Args& args) { return at::sub(args.tensor(0), args.tensor(1)); }

/** Rounds towards minus infinity. */
at::Tensor FloorDiv(const Args& args) {
  const at::Tensor quotient = at::div(toFloats(args.tensor(0)), toFloats(args.tensor(1)));
  return at::floor(quotient).to(args.tensor(0).scalar_type());
}

/** The sign of the divisor, as in Python. */
at::Tensor Mod(const Args& args) {
  const at::Tensor rest = at::remainder(toFloats(args.tensor(0)), toFloats(args.tensor(1)));
  return rest.to(args.tensor(0).scalar_type());
}

at::Tensor Pow(const Args& args) {
  const at::Tensor power = at::pow(toFloats(args.tensor(0)), toFloats(args.tensor(1)));
  return power.to(args.tensor(0).scalar_type());
}

/** x, alpha: alpha x below 0. */
at::Tensor Prelu(const Args& args) {
  const at::Tensor &x = args.tensor(0), &alpha = args.tensor(1);
  const at::Tensor scaled = x * alpha;
  return at::where(x.lt(0), scaled, x.to(scaled.scalar_type()));
}

at::Tensor SquaredDifference(const Args& args) {
  const at::Tensor difference = at::sub(args.tensor(0), args.tensor(1));
  return at::mul(difference, difference);
}

/** Any number of tensors of one shape. */
at::Tensor AddN(const Args& args) {
  const auto parts = args.tensors(0);
  at::Tensor sum = parts[0].clone();
  for (size_t i = 1; i < parts.size(); i++) sum.add_(parts[i]);
  return sum;
}

/** condition, x, y. */
at::Tensor Select(const Args& args) {
  return at::where(args.tensor(0).to(at::kBool), args.tensor(1), args.tensor(2));
}

}  // namespace mocolab
