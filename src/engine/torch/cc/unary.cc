// Operations on one tensor, element by element. What ATen computes as floats comes back in the type of the
// input, as tfjs wants it; values that are not in the type's range are cut.

#include "ops.h"

namespace mocolab {
namespace {

/** Applies `op` and keeps the type of the input. */
template <typename Op>
at::Tensor apply(const Args& args, const Op& op) {
  const at::Tensor& x = args.tensor(0);
  return op(x).to(x.scalar_type());
}

constexpr double seluScaleAlpha = 1.7580993408473768599402175208123;
constexpr double seluScale = 1.0507009873554804934193349852946;

/** For y = elu(x): dy where x was positive, else dy (y + 1). */
at::Tensor eluGradient(const at::Tensor& dy, const at::Tensor& y) {
  return at::where(y.ge(0), dy, dy * (y + 1));
}

}  // namespace

at::Tensor Abs(const Args& args) { return at::abs(args.tensor(0)); }
at::Tensor Acos(const Args& args) { return apply(args, at::acos); }
at::Tensor Acosh(const Args& args) { return apply(args, at::acosh); }
at::Tensor Asin(const Args& args) { return apply(args, at::asin); }
at::Tensor Asinh(const Args& args) { return apply(args, at::asinh); }
at::Tensor Atan(const Args& args) { return apply(args, at::atan); }
at::Tensor Atanh(const Args& args) { return apply(args, at::atanh); }
at::Tensor Ceil(const Args& args) { return apply(args, at::ceil); }
at::Tensor Cos(const Args& args) { return apply(args, at::cos); }
at::Tensor Cosh(const Args& args) { return apply(args, at::cosh); }
at::Tensor Elu(const Args& args) {
  return apply(args, [](const at::Tensor& x) { return at::where(x.ge(0), x, at::expm1(x)); });
}
at::Tensor EluGrad(const Args& args) { return eluGradient(args.tensor(0), args.tensor(1)); }
at::Tensor Erf(const Args& args) { return apply(args, at::erf); }
at::Tensor Exp(const Args& args) { return at::exp(args.tensor(0)); }
at::Tensor Expm1(const Args& args) { return apply(args, at::expm1); }
at::Tensor Floor(const Args& args) { return apply(args, at::floor); }
at::Tensor IsFinite(const Args& args) { return at::isfinite(args.tensor(0)); }
at::Tensor IsInf(const Args& args) { return at::isinf(args.tensor(0)); }
at::Tensor IsNan(const Args& args) { return at::isnan(args.tensor(0)); }
at::Tensor Log(const Args& args) { return apply(args, at::log); }
at::Tensor Log1p(const Args& args) { return apply(args, at::log1p); }
at::Tensor LogicalNot(const Args& args) { return at::logical_not(args.tensor(0)); }
at::Tensor Neg(const Args& args) { return at::neg(args.tensor(0)); }
at::Tensor Reciprocal(const Args& args) { return apply(args, at::reciprocal); }
at::Tensor Relu(const Args& args) { return at::relu(args.tensor(0)); }
at::Tensor Relu6(const Args& args) { return at::clamp(args.tensor(0), 0, 6); }
/** Half goes to the even neighbour. */
at::Tensor Round(const Args& args) {
  return apply(args, [](const at::Tensor& x) { return x.is_floating_point() ? at::round(x) : x; });
}
at::Tensor Rsqrt(const Args& args) { return apply(args, at::rsqrt); }
at::Tensor Selu(const Args& args) {
  return apply(args, [](const at::Tensor& x) {
    return at::where(x.ge(0), x * seluScale, at::expm1(x) * seluScaleAlpha);
  });
}
at::Tensor Sigmoid(const Args& args) { return apply(args, at::sigmoid); }
at::Tensor Sign(const Args& args) { return at::sign(args.tensor(0)); }
at::Tensor Sin(const Args& args) { return apply(args, at::sin); }
at::Tensor Sinh(const Args& args) { return apply(args, at::sinh); }
at::Tensor Softplus(const Args& args) {
  return apply(args, [](const at::Tensor& x) { return at::logaddexp(x, at::zeros({}, x.options())); });
}
at::Tensor Sqrt(const Args& args) { return apply(args, at::sqrt); }
at::Tensor Square(const Args& args) { return at::mul(args.tensor(0), args.tensor(0)); }
at::Tensor Tan(const Args& args) { return apply(args, at::tan); }
at::Tensor Tanh(const Args& args) { return apply(args, at::tanh); }

/** x, lowest, highest. NaN stays NaN. */
at::Tensor ClipByValue(const Args& args) {
  return apply(args, [&](const at::Tensor& x) { return at::clamp(x, args.number(1), args.number(2)); });
}

/** x, alpha: 1 above 0, alpha elsewhere; NaN stays NaN. */
at::Tensor Step(const Args& args) {
  return apply(args, [&](const at::Tensor& x) {
    const auto one = at::ones({}, x.options()), alpha = at::full({}, args.number(1), x.options());
    const at::Tensor stepped = at::where(x.gt(0), one, alpha);
    return x.is_floating_point() ? at::where(x.ne(x), x, stepped) : stepped;
  });
}

/** x, alpha. */
at::Tensor LeakyRelu(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const at::Tensor scaled = x * args.number(1);
  return at::where(x.lt(0), scaled, x.to(scaled.scalar_type()));
}

}  // namespace mocolab
