// Normalisations of stock tfjs. Training's own BatchNorm is in batch-norm.cc.

#include "device.h"
#include "ops.h"

namespace mocolab {
namespace {

/** Sums over `radius` channels on either side; the last axis are channels. */
at::Tensor sumNeighbours(const at::Tensor& x, int64_t radius) {
  return at::constant_pad_nd(x, {radius, radius}).unfold(-1, 2 * radius + 1, 1).sum(-1);
}

}  // namespace

at::Tensor Softmax(const Args& args) { return at::softmax(widen(args.tensor(0)), args.integer(1)); }

/** x, mean, variance, offset, scale, epsilon. */
at::Tensor FusedBatchNorm(const Args& args) {
  const at::Tensor factor = args.tensor(4) * at::rsqrt(args.tensor(2) + args.number(5));
  return (args.tensor(0) - args.tensor(1)) * factor + args.tensor(3);
}

/** x, radius, bias, alpha, beta. */
at::Tensor LRN(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const at::Tensor norm = sumNeighbours(x * x, args.integer(1)) * args.number(3) + args.number(2);
  return x * at::pow(norm, -args.number(4));
}

/** dy, x, y, radius, bias, alpha, beta. */
at::Tensor LRNGrad(const Args& args) {
  const at::Tensor &dy = args.tensor(0), &x = args.tensor(1), &y = args.tensor(2);
  const int64_t radius = args.integer(3);
  const double alpha = args.number(5), beta = args.number(6);
  const at::Tensor norm = sumNeighbours(x * x, radius) * alpha + args.number(4);
  return dy * at::pow(norm, -beta) - x * sumNeighbours(dy * y / norm, radius) * (2 * alpha * beta);
}

}  // namespace mocolab
