// The loss, the optimiser's step and the momentum update: one pass over each tensor. New values go to
// new memory, because tfjs shares a tensor's data between a variable and its clones.

#include <ATen/Parallel.h>

#include "ops.h"
#include "vector-clones.h"

namespace mocolab {
namespace {

VECTOR_CLONES void sgd(const float* p, const float* g, const float* v, float lr, float momentum, float decay,
                       int64_t count, float* newP, float* newV) {
  for (int64_t i = 0; i < count; i++) {
    const float speed = momentum * v[i] + (g[i] + decay * p[i]);
    newV[i] = speed;
    newP[i] = p[i] - lr * speed;
  }
}

VECTOR_CLONES void lerp(const float* key, const float* query, float share, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i++) out[i] = share * key[i] + (1 - share) * query[i];
}

constexpr int64_t GRAIN = 65536;

}  // namespace

/** parameters, gradients, velocities, lr, momentum, weight decay -> parameters, then velocities. */
Tensors SgdStep(const Args& args) {
  const auto parameters = args.tensors(0), gradients = args.tensors(1), velocities = args.tensors(2);
  const auto lr = static_cast<float>(args.number(3)), momentum = static_cast<float>(args.number(4));
  const auto decay = static_cast<float>(args.number(5));
  Tensors updated, speeds;
  for (size_t i = 0; i < parameters.size(); i++) {
    at::Tensor p = at::empty_like(parameters[i]), v = at::empty_like(p);
    const at::Tensor g = inLayoutOf(p, gradients[i]), speed = inLayoutOf(p, velocities[i]);
    const float* from[] = {floatsOf(parameters[i]), floatsOf(g),
                           floatsOf(speed)};
    float* to[] = {floatsOf(p), floatsOf(v)};
    at::parallel_for(0, p.numel(), GRAIN, [&](int64_t a, int64_t b) {
      sgd(from[0] + a, from[1] + a, from[2] + a, lr, momentum, decay, b - a, to[0] + a, to[1] + a);
    });
    updated.push_back(p);
    speeds.push_back(v);
  }
  updated.insert(updated.end(), speeds.begin(), speeds.end());
  return updated;
}

/** keys, queries, share of the old value -> keys. */
Tensors MomentumUpdate(const Args& args) {
  const auto keys = args.tensors(0), queries = args.tensors(1);
  const auto share = static_cast<float>(args.number(2));
  Tensors updated;
  for (size_t i = 0; i < keys.size(); i++) {
    at::Tensor out = at::empty_like(keys[i]);
    const float* key = floatsOf(keys[i]);
    const at::Tensor other = inLayoutOf(out, queries[i]);
    const float* query = floatsOf(other);
    float* to = floatsOf(out);
    at::parallel_for(0, out.numel(), GRAIN,
                     [&](int64_t a, int64_t b) { lerp(key + a, query + a, share, b - a, to + a); });
    updated.push_back(out);
  }
  return updated;
}

/** logits [N, M], labels [N] -> mean loss, softmax. */
Tensors SoftmaxCrossEntropy(const Args& args) {
  const at::Tensor logProbabilities = at::log_softmax(args.tensor(0), 1);
  const at::Tensor loss = at::nll_loss(logProbabilities, args.tensor(1).to(at::kLong));
  return {loss, logProbabilities.exp()};
}

/** dy (scalar), softmax, labels -> (softmax - one-hot) * dy / N. */
at::Tensor SoftmaxCrossEntropyGrad(const Args& args) {
  const at::Tensor& softmax = args.tensor(1);
  const at::Tensor labels = args.tensor(2).to(at::kLong).unsqueeze(1);
  at::Tensor gradient = softmax.clone();
  gradient.scatter_add_(1, labels, at::full_like(labels, -1, at::dtype(at::kFloat)));
  return gradient.mul_(args.tensor(0).reshape({}).div(static_cast<double>(softmax.size(0))));
}

}  // namespace mocolab
