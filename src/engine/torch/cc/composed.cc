#include "composed.h"

#include "device.h"
#include "fused-batch-norm.h"
#include "in-place.h"
#include "tensor-updates.h"

namespace mocolab::composed {
namespace {

/** [..., C] -> [splits, M, C] */
at::Tensor toSplits(const at::Tensor& x, int64_t splits) {
  return x.contiguous().reshape({splits, -1, x.size(-1)});
}

/** running = (1 - share) running + share mean over the splits. */
void track(at::Tensor running, const at::Tensor& fresh, double share) {
  running.mul_(1 - share).add_(fresh.mean(0), share);
}

}  // namespace

Tensors BatchNorm(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const int64_t splits = args.integer(5);
  const at::Tensor residual = args.has(7) ? toSplits(args.tensor(7), splits) : at::Tensor();
  const auto found =
      normalise({toSplits(x, splits), args.tensor(1), args.tensor(2), residual, args.number(3), args.flag(4)});
  if (args.has(8)) {
    const auto count = static_cast<double>(x.numel() / x.size(-1) / splits);
    track(args.tensor(8), found.mean, args.number(10));
    track(args.tensor(9), found.variance * (count / std::max(1.0, count - 1)), args.number(10));
  }
  return {found.y.reshape(x.sizes()), found.mean, found.variance};
}

Tensors BatchNormGrad(const Args& args) {
  const at::Tensor &dy = args.tensor(0), &x = args.tensor(1);
  const int64_t splits = args.tensor(5).size(0);
  const at::Tensor y = args.has(2) ? toSplits(args.tensor(2), splits) : at::Tensor();
  const auto found = normaliseBackward({toSplits(dy, splits), toSplits(x, splits), y, args.tensor(3),
                                        args.tensor(4), args.tensor(5), args.tensor(6), args.number(7), args.flag(8)});
  return {found.dx.reshape(x.sizes()), found.dScale, found.dOffset, found.gated.reshape(x.sizes())};
}

at::Tensor ReluGrad(const Args& args) {
  const at::Tensor& dy = args.tensor(0);
  return at::where(args.tensor(1) > 0, dy, at::zeros({}, dy.options()));
}

Tensors SoftmaxCrossEntropy(const Args& args) {
  const at::Tensor logProbabilities = at::log_softmax(widen(args.tensor(0)), 1);
  const at::Tensor labels = args.tensor(1).to(at::kLong);
  const auto n = static_cast<double>(labels.size(0));
  at::Tensor gradient = logProbabilities.exp();
  gradient.scatter_add_(1, labels.unsqueeze(1), at::full({labels.size(0), 1}, -1, gradient.options()));
  return {at::nll_loss(logProbabilities, labels), gradient.div_(n)};
}

Tensors InfoNce(const Args& args) {
  const at::Tensor q = widen(args.tensor(0)), k = widen(args.tensor(1)), queue = widen(args.tensor(2));
  const double scale = 1 / args.number(3);
  const at::Tensor positive = at::mul(q, k).sum({1}, true);                  // [N, 1]
  const at::Tensor logits = at::cat({positive, at::mm(q, queue)}, 1) * scale;  // [N, 1+K]
  const at::Tensor own = logits.narrow(1, 0, 1), others = logits.narrow(1, 1, queue.size(1));
  const at::Tensor loss = at::sub(at::logsumexp(logits, {1}), own.squeeze(1)).mean();
  const at::Tensor shares = at::softmax(logits, 1);
  const at::Tensor ofKey = shares.narrow(1, 0, 1).sub(1);
  const at::Tensor gradient =
      at::add(at::mul(ofKey, k), at::mm(shares.narrow(1, 1, queue.size(1)), queue.t())) * (scale / q.size(0));
  const at::Tensor rank = at::gt(others, own).sum({1}).to(at::kInt);
  const at::Tensor lost = at::isnan(own).squeeze(1).to(at::kInt) * (queue.size(1) + 1);
  return {loss, gradient, at::maximum(rank, lost)};
}

void SgdStep(const Args& args) {
  const auto parameters = args.tensors(0);
  stepAll({parameters, inLayoutsOf(parameters, args.tensors(1)), relayLike(parameters, args, 2)},
          {args.tensor(3), args.number(4), args.number(5)});
  noteOverwritten(args, 0);
  noteOverwritten(args, 2);
}

void MomentumUpdate(const Args& args) {
  const auto keys = args.tensors(0);
  moveTowards(keys, inLayoutsOf(keys, args.tensors(1)), 1 - args.number(2));
  noteOverwritten(args, 0);
}

/** The device looks at the pointer, and checks it: the host would have to wait for it. */
void QueueUpdate(const Args& args) {
  at::Tensor queue = args.tensor(0);
  const at::Tensor& keys = args.tensor(1);
  const at::Tensor columns = at::add(at::arange(keys.size(0), on(at::kLong)), args.tensor(2));
  queue.index_copy_(1, columns, keys.t().to(queue.scalar_type()));
  store().overwritten(args.handle(0));
}

}  // namespace mocolab::composed
