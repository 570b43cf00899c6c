// Operations that need an order, and a drawing by weights.

#include <ATen/CPUGeneratorImpl.h>

#include "ops.h"

namespace mocolab {

/** x, k -> the k largest of the last axis and their places; of equals the first comes first. */
Tensors TopK(const Args& args) {
  const auto [values, places] = at::sort(args.tensor(0), /*stable=*/true, -1, /*descending=*/true);
  const int64_t k = args.integer(1);
  return {values.narrow(-1, 0, k).contiguous(), places.narrow(-1, 0, k).to(at::kInt).contiguous()};
}

/** x, axis -> different slices in the order of their first appearance, and which of them each slice is. */
Tensors Unique(const Args& args) {
  store().expectNoRecording();
  const at::Tensor& x = args.tensor(0);
  const int64_t axis = args.integer(1);
  // Floats are compared by their bits, so that NaN is equal to itself; adding 0 makes one of the two zeros.
  const at::Tensor bits = x.scalar_type() == at::kFloat ? (x + 0).view(at::kInt) : x;
  const auto inverse = std::get<1>(at::unique_dim(bits, axis, true, true, false));
  const int64_t slices = inverse.numel(), count = slices > 0 ? inverse.max().item<int64_t>() + 1 : 0;
  const auto places = at::arange(slices, inverse.options());
  const auto first = at::full({count}, slices, inverse.options()).scatter_reduce(0, inverse, places, "amin");
  const auto order = at::argsort(first);
  const auto rank = at::empty_like(order).scatter_(0, order, at::arange(count, order.options()));
  return {x.index_select(axis, first.index_select(0, order)), rank.index_select(0, inverse).to(at::kInt)};
}

/** sorted rows [B, N], values [B, M], whether places behind equals are wanted -> [B, M] */
at::Tensor SearchSorted(const Args& args) {
  return at::searchsorted(args.tensor(0).contiguous(), args.tensor(1).contiguous(), /*out_int32=*/true, args.flag(2));
}

/** probabilities [B, M], count, seed -> places [B, count], drawn with replacement. */
at::Tensor Multinomial(const Args& args) {
  const auto generator = at::detail::createCPUGenerator(static_cast<uint64_t>(args.integer(2)));
  return at::multinomial(args.tensor(0), args.integer(1), /*replacement=*/true, generator).to(at::kInt);
}

}  // namespace mocolab
