// Reductions and running sums. Axes are never empty here: the TypeScript side answers that itself.

#include "device.h"
#include "ops.h"

namespace mocolab {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/** Shape after `axes` are reduced. */
std::vector<int64_t> reducedShape(const at::Tensor& x, const std::vector<int64_t>& axes, bool keepDims) {
  std::vector<int64_t> shape;
  for (int64_t axis = 0; axis < x.dim(); axis++) {
    const bool gone = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (!gone) shape.push_back(x.size(axis));
    else if (keepDims) shape.push_back(1);
  }
  return shape;
}

/** The largest or smallest; `ofNothing` where there is nothing to choose from, which ATen refuses. */
template <typename Op>
at::Tensor choose(const Args& args, const at::Tensor& x, double ofNothing, const Op& op) {
  const auto axes = args.integers(1);
  if (x.numel() == 0) return at::full(reducedShape(x, axes, args.flag(2)), ofNothing, x.options());
  return op(x, axes, args.flag(2));
}

at::Tensor largest(const at::Tensor& x, at::IntArrayRef axes, bool keepDims) { return at::amax(x, axes, keepDims); }
at::Tensor smallest(const at::Tensor& x, at::IntArrayRef axes, bool keepDims) { return at::amin(x, axes, keepDims); }

/** NaN never wins; booleans are compared as numbers. */
at::Tensor toComparable(const at::Tensor& x, double instead) {
  if (x.scalar_type() == at::kBool) return x.to(at::kInt);
  return x.is_floating_point() ? at::where(x.ne(x), at::full({}, instead, x.options()), x) : x;
}

/** x, axis, exclusive, reverse. */
template <typename Op>
at::Tensor accumulate(const Args& args, double first, const Op& op) {
  const int64_t axis = args.integer(1);
  const bool exclusive = args.flag(2), reverse = args.flag(3);
  const at::Tensor given = widen(args.tensor(0));
  at::Tensor x = reverse ? given.flip({axis}) : given;
  if (exclusive && x.size(axis) > 0) {
    auto shape = x.sizes().vec();
    shape[axis] = 1;
    x = at::cat({at::full(shape, first, x.options()), x.narrow(axis, 0, x.size(axis) - 1)}, axis);
  }
  const at::Tensor running = op(x, axis, x.scalar_type());
  return reverse ? running.flip({axis}) : running;
}

/** Floats of a row, where all floats of a tensor become one number. */
constexpr int64_t ROW = 4096;

/** All numbers of a tensor in rows of a fixed length: ATen shares out one sum among as many threads as it has. */
at::Tensor inRows(const at::Tensor& x) {
  const at::Tensor flat = x.flatten();
  const int64_t whole = flat.numel() / ROW * ROW;
  const at::Tensor rows = flat.narrow(0, 0, whole).view({-1, ROW}).sum({1});
  return at::cat({rows, flat.narrow(0, whole, flat.numel() - whole)});
}

/** Sum over `axes`, with the same bits on any number of threads. */
at::Tensor sumOver(const at::Tensor& x, const std::vector<int64_t>& axes, bool keepDims) {
  const auto type = x.scalar_type() == at::kBool ? at::kInt : x.scalar_type();
  const bool toOne = x.is_cpu() && x.is_floating_point() && static_cast<int64_t>(axes.size()) == x.dim();
  if (!toOne || x.numel() < 2 * ROW) return at::sum(x, axes, keepDims, type);
  at::Tensor numbers = inRows(x);
  while (numbers.numel() >= 2 * ROW) numbers = inRows(numbers);
  return at::sum(numbers).view(reducedShape(x, axes, keepDims));
}

}  // namespace

at::Tensor Sum(const Args& args) { return sumOver(widen(args.tensor(0)), args.integers(1), args.flag(2)); }

at::Tensor Mean(const Args& args) {
  const at::Tensor given = widen(args.tensor(0)), x = given.is_floating_point() ? given : given.to(at::kFloat);
  const at::Tensor sum = sumOver(x, args.integers(1), args.flag(2));
  return sum.div_(static_cast<double>(x.numel()) / static_cast<double>(sum.numel()));
}

at::Tensor Max(const Args& args) { return choose(args, args.tensor(0), -infinity, largest); }
at::Tensor Min(const Args& args) { return choose(args, args.tensor(0), infinity, smallest); }
at::Tensor Any(const Args& args) { return choose(args, args.tensor(0).to(at::kBool), 0, largest); }
at::Tensor All(const Args& args) { return choose(args, args.tensor(0).to(at::kBool), 1, smallest); }

/** ATen multiplies along one axis at a time. */
at::Tensor Prod(const Args& args) {
  at::Tensor product = widen(args.tensor(0));
  const auto type = product.scalar_type() == at::kBool ? at::kInt : product.scalar_type();
  auto axes = args.integers(1);
  std::sort(axes.rbegin(), axes.rend());
  for (const int64_t axis : axes) product = at::prod(product, axis, args.flag(2), type);
  return product;
}

/** x, axis. The first of equals. */
at::Tensor ArgMax(const Args& args) {
  return at::argmax(toComparable(args.tensor(0), -infinity), args.integer(1)).to(at::kInt);
}

at::Tensor ArgMin(const Args& args) {
  return at::argmin(toComparable(args.tensor(0), infinity), args.integer(1)).to(at::kInt);
}

at::Tensor Cumsum(const Args& args) {
  return accumulate(args, 0, [](const auto& x, int64_t axis, at::ScalarType type) { return at::cumsum(x, axis, type); });
}

at::Tensor Cumprod(const Args& args) {
  return accumulate(args, 1, [](const auto& x, int64_t axis, at::ScalarType type) { return at::cumprod(x, axis, type); });
}

}  // namespace mocolab
