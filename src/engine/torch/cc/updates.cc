// The optimiser's step, the momentum update, the queue's, and sums of gradients: all in place. Whoever calls
// has seen to it that nobody else shows the memory (findShared).

#include <ATen/Parallel.h>

#include <algorithm>

#include "ops.h"
#include "vector-clones.h"

namespace mocolab {
namespace {

VECTOR_CLONES void sgd(float* p, const float* g, float* v, float lr, float momentum, float decay, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    v[i] = momentum * v[i] + (g[i] + decay * p[i]);
    p[i] -= lr * v[i];
  }
}

VECTOR_CLONES void lerp(float* key, const float* query, float share, int64_t count) {
  for (int64_t i = 0; i < count; i++) key[i] = share * key[i] + (1 - share) * query[i];
}

VECTOR_CLONES void gate(float* dy, const float* y, int64_t count, float* dx) {
  for (int64_t i = 0; i < count; i++) {
    const float gradient = dy[i];  // Loaded either way, so that this becomes a mask.
    dx[i] = y[i] > 0 ? gradient : 0;
  }
}

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

/** Each of `tensors` laid out as the one of `like` that it goes with. */
Tensors inLayoutsOf(const Tensors& like, const Tensors& tensors) {
  Tensors laid;
  for (size_t i = 0; i < tensors.size(); i++) laid.push_back(inLayoutOf(like[i], tensors[i]));
  return laid;
}

/** The same, and from now on: for tensors that only ever go with these. */
Tensors relayLike(const Tensors& like, const Args& args, size_t list) {
  const auto handles = args.integers(list);
  Tensors laid = inLayoutsOf(like, args.tensors(list));
  for (size_t i = 0; i < laid.size(); i++) store().relay(static_cast<int32_t>(handles[i]), laid[i]);
  return laid;
}

void noteOverwritten(const Args& args, size_t list) {
  for (const int64_t handle : args.integers(list)) store().overwritten(static_cast<int32_t>(handle));
}

}  // namespace

/** parameters, gradients, velocities, lr, momentum, weight decay. */
void SgdStep(const Args& args) {
  const auto parameters = args.tensors(0), g = inLayoutsOf(parameters, args.tensors(1));
  const auto v = relayLike(parameters, args, 2);
  const auto lr = static_cast<float>(args.number(3)), momentum = static_cast<float>(args.number(4));
  const auto decay = static_cast<float>(args.number(5));
  eachNumber(parameters, [&](size_t i, int64_t at, int64_t count) {
    sgd(floatsOf(parameters[i]) + at, floatsOf(g[i]) + at, floatsOf(v[i]) + at, lr, momentum, decay, count);
  });
  noteOverwritten(args, 0);
  noteOverwritten(args, 2);
}

/** keys, queries, share of the old value. */
void MomentumUpdate(const Args& args) {
  const auto keys = args.tensors(0), queries = inLayoutsOf(keys, args.tensors(1));
  const auto share = static_cast<float>(args.number(2));
  eachNumber(keys, [&](size_t i, int64_t at, int64_t count) {
    lerp(floatsOf(keys[i]) + at, floatsOf(queries[i]) + at, share, count);
  });
  noteOverwritten(args, 0);
}

/** queue [C, K], keys [N, C], pointer: the columns from the pointer on become the keys. */
void QueueUpdate(const Args& args) {
  const at::Tensor& keys = args.tensor(1);
  args.tensor(0).narrow(1, args.integer(2), keys.size(0)).copy_(keys.t());
  store().overwritten(args.handle(0));
}

/** sum += term. */
void AddInto(const Args& args) {
  at::Tensor sum = args.tensor(0);
  sum.add_(args.tensor(1));
  store().overwritten(args.handle(0));
}

/** dy, y, whether dy is spent -> dy where y is positive. */
at::Tensor ReluGrad(const Args& args) {
  at::Tensor dx = reuse(args.tensor(0), args.flag(2));
  const at::Tensor dy = args.tensor(0).contiguous(), y = args.tensor(1).contiguous();
  if (dy.scalar_type() != at::kFloat || y.scalar_type() != at::kFloat) return at::where(y > 0, dy, at::zeros_like(dy));
  at::parallel_for(0, dy.numel(), GRAIN, [&](int64_t first, int64_t last) {
    gate(floatsOf(dy) + first, floatsOf(y) + first, last - first, floatsOf(dx) + first);
  });
  return dx;
}

/** dy, kept shape, whole shape, factor -> factor dy along the axes where the kept shape has 1. */
at::Tensor Spread(const Args& args) {
  const auto scaled = at::mul(args.tensor(0).reshape(args.integers(1)), args.number(3));
  return scaled.expand(args.integers(2)).contiguous();
}

}  // namespace mocolab
