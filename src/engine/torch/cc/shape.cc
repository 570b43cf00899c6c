// Reductions, and operations that move numbers without changing them.

#include "ops.h"

namespace mocolab {

at::Tensor Sum(const Args& args) { return at::sum(args.tensor(0), args.integers(1), args.flag(2)); }
at::Tensor Mean(const Args& args) { return at::mean(args.tensor(0), args.integers(1), args.flag(2)); }
at::Tensor Max(const Args& args) { return at::amax(args.tensor(0), args.integers(1), args.flag(2)); }

at::Tensor Reshape(const Args& args) { return args.tensor(0).reshape(args.integers(1)); }
at::Tensor Transpose(const Args& args) { return args.tensor(0).permute(args.integers(1)).contiguous(); }

at::Tensor Copy(const Args& args) { return args.tensor(0).clone(); }

at::Tensor Slice(const Args& args) {
  at::Tensor part = args.tensor(0);
  const auto begin = args.integers(1);
  const auto size = args.integers(2);
  for (size_t axis = 0; axis < begin.size(); axis++) {
    part = part.narrow(static_cast<int64_t>(axis), begin[axis], size[axis]);
  }
  return part.contiguous();
}

/** `around`: before and after of each axis, the first axis first. ATen wants the last first. */
at::Tensor PadV2(const Args& args) {
  const auto around = args.integers(1);
  std::vector<int64_t> reversed;
  for (size_t axis = around.size() / 2; axis-- > 0;) {
    reversed.push_back(around[2 * axis]);
    reversed.push_back(around[2 * axis + 1]);
  }
  return at::constant_pad_nd(args.tensor(0), reversed, args.number(2));
}

at::Tensor Concat(const Args& args) { return at::cat(args.tensors(0), args.integer(1)); }

at::Tensor GatherV2(const Args& args) {
  return args.tensor(0).index_select(args.integer(2), args.tensor(1).to(at::kLong));
}

at::Tensor Cast(const Args& args) {
  static const at::ScalarType types[] = {at::kFloat, at::kInt, at::kBool};
  return args.tensor(0).to(types[args.integer(1)]);
}

at::Tensor Fill(const Args& args) {
  static const at::ScalarType types[] = {at::kFloat, at::kInt, at::kBool};
  return at::full(args.integers(0), args.number(1), at::dtype(types[args.integer(2)]));
}

at::Tensor OneHot(const Args& args) {
  const auto classes = at::arange(args.integer(1), at::dtype(at::kInt));
  const auto hit = args.tensor(0).unsqueeze(-1).eq(classes);
  return at::where(hit, at::scalar_tensor(args.number(2)), at::scalar_tensor(args.number(3)));
}

}  // namespace mocolab
