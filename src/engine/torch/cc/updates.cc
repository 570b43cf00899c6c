// The optimiser's step, the momentum update, the queue's, and sums of gradients: all in place. Whoever calls
// has seen to it that nobody else shows the memory (findShared).

#include <ATen/Parallel.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "bfloat16.h"
#include "in-place.h"
#include "ops.h"
#include "update-loops.h"

namespace mocolab {
namespace {

constexpr int64_t GRAIN = 65536;

/** Numbers of several tensors in parallel, as if they were one: run(tensor, from, count). */
template <typename Run>
void eachNumber(const Tensors& tensors, const Run& run) {
  std::vector<int64_t> ends;
  int64_t total = 0;
  for (const at::Tensor& tensor : tensors) ends.push_back(total += tensor.numel());
  at::parallel_for(0, total, GRAIN, [&](int64_t first, int64_t last) {
    size_t i = std::upper_bound(ends.begin(), ends.end(), first) - ends.begin();
    for (int64_t at = first; at < last; i++) {
      const int64_t start = i == 0 ? 0 : ends[i - 1], end = std::min(last, ends[i]);
      if (end > at) run(i, at - start, end - at);
      at = end;
    }
  });
}

/** Whether our loops may walk both side by side: floats of one type on the CPU, without gaps. */
bool walkable(const at::Tensor& a, const at::Tensor& b) {
  const bool known = a.scalar_type() == at::kFloat || isBfloat16(a);
  return known && a.is_cpu() && a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
         a.is_non_overlapping_and_dense();
}

}  // namespace

/** parameters, gradients, velocities, lr (a float32 scalar), momentum, weight decay. */
void SgdStep(const Args& args) {
  const auto parameters = args.tensors(0), g = inLayoutsOf(parameters, args.tensors(1));
  const auto v = relayLike(parameters, args, 2);
  const auto number = [&](size_t i) { return static_cast<float>(args.number(i)); };
  const SgdFactors by{*floatsOf(args.tensor(3)), number(4), number(5)};
  eachNumber(parameters, [&](size_t i, int64_t at, int64_t count) {
    updateLoops().sgd(floatsOf(parameters[i]) + at, floatsOf(g[i]) + at, floatsOf(v[i]) + at, by, count);
  });
  noteOverwritten(args, 0);
  noteOverwritten(args, 2);
}

/** keys, queries, share of the old value. */
void MomentumUpdate(const Args& args) {
  const auto keys = args.tensors(0), queries = inLayoutsOf(keys, args.tensors(1));
  const auto share = static_cast<float>(args.number(2));
  eachNumber(keys, [&](size_t i, int64_t at, int64_t count) {
    updateLoops().approach(floatsOf(keys[i]) + at, floatsOf(queries[i]) + at, share, count);
  });
  noteOverwritten(args, 0);
}

/** queue [C, K], keys [N, C], pointer (an int32 scalar): the columns from the pointer on become the keys. */
void QueueUpdate(const Args& args) {
  const at::Tensor &keys = args.tensor(1), &pointer = args.tensor(2);
  const int64_t n = keys.size(0), last = args.tensor(0).size(1) - n, column = *pointer.data_ptr<int32_t>();
  if (column < 0 || column > last)
    throw std::out_of_range("pointer is a whole number from 0 to " + std::to_string(last) + ", not " +
                            std::to_string(column));
  args.tensor(0).narrow(1, column, n).copy_(keys.t());
  store().overwritten(args.handle(0));
}

/** to, from: overwrites values, not memory. */
void CopyInto(const Args& args) {
  at::Tensor(args.tensor(0)).copy_(args.tensor(1));
  store().overwritten(args.handle(0));
}

/** sum += term. */
void AddInto(const Args& args) {
  at::Tensor sum = args.tensor(0);
  const at::Tensor& term = args.tensor(1);
  if (walkable(sum, term) && sum.strides() == term.strides()) {
    const auto add = updateLoops().add[isBfloat16(sum)];
    const int64_t size = static_cast<int64_t>(sum.element_size());
    at::parallel_for(0, sum.numel(), GRAIN, [&](int64_t first, int64_t last) {
      add(valuesOf<char>(sum) + first * size, valuesOf<char>(term) + first * size, last - first);
    });
  } else {
    sum.add_(term);
  }
  store().overwritten(args.handle(0));
}

/** dy, y, whether dy is spent -> dy where y is positive. */
at::Tensor ReluGrad(const Args& args) {
  at::Tensor dx = reuse(args.tensor(0), args.flag(2));
  const at::Tensor dy = args.tensor(0).contiguous(), y = args.tensor(1).contiguous();
  if (!walkable(dy, y)) return at::where(y > 0, dy, at::zeros_like(dy));
  const auto gate = updateLoops().gate[isBfloat16(dy)];
  const int64_t size = static_cast<int64_t>(dy.element_size());
  at::parallel_for(0, dy.numel(), GRAIN, [&](int64_t first, int64_t last) {
    const int64_t from = first * size;
    gate(valuesOf<char>(dy) + from, valuesOf<char>(y) + from, last - first, valuesOf<char>(dx) + from);
  });
  return dx;
}

/** dy, kept shape, whole shape, factor -> factor dy along the axes where the kept shape has 1. */
at::Tensor Spread(const Args& args) {
  const auto scaled = at::mul(args.tensor(0).reshape(args.integers(1)), args.number(3));
  return scaled.expand(args.integers(2)).contiguous();
}

}  // namespace mocolab
