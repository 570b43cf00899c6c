#include "fused-batch-norm.h"

#include <algorithm>
#include <limits>

#include "device.h"
#include "gpu.h"

namespace mocolab {
namespace {

constexpr unsigned THREADS = 256;
/** More blocks than this wait for each other anyway. */
constexpr int64_t MOST_BLOCKS = 8192;
/** A thread sums at least this many rows, unless there are less; and about so many threads keep a GPU's memory busy. */
constexpr int64_t LEAST_ROWS = 32, ENOUGH_THREADS = 1 << 18;
/** So many partial sums at most are joined by one thread. */
constexpr int64_t MOST_JOINED = 64;
/** The kernels' indices have 32 bits. */
constexpr int64_t MOST_NUMBERS = INT32_MAX;

/** As in batch-norm.cu. */
struct Sizes {
  uint32_t splits, rows, channels, chunks;
};

/** As in batch-norm.cu. */
struct Backward {
  void *dy, *x, *y, *scale, *offset, *mean, *variance;
  float epsilon;
  int relu;
};

Sizes sizesOf(const at::Tensor& x) {
  const int64_t wanted = ENOUGH_THREADS / (x.size(0) * x.size(2)), most = (x.size(1) + LEAST_ROWS - 1) / LEAST_ROWS;
  const auto number = [](int64_t size) { return static_cast<uint32_t>(size); };
  return {number(x.size(0)), number(x.size(1)), number(x.size(2)),
          number(std::max<int64_t>(1, std::min(wanted, most)))};
}

at::Tensor floats(at::IntArrayRef shape, const at::Tensor& like) {
  return at::empty(shape, like.options().dtype(at::kFloat));
}

/** Where a tensor's values are; null for an undefined one. */
void* addressOf(const at::Tensor& tensor) { return tensor.defined() ? tensor.data_ptr() : nullptr; }

/** Starts a kernel with a thread for each of `items`, as far as that makes sense. */
template <typename... Arguments>
bool run(const char* kernel, const at::Tensor& x, int64_t items, Arguments... arguments) {
  const std::string name = std::string(kernel) + (x.scalar_type() == at::kBFloat16 ? "@bfloat16" : "@float");
  const auto blocks = std::min(MOST_BLOCKS, (items + THREADS - 1) / THREADS);
  return gpu::launch({name.c_str(), static_cast<unsigned>(blocks), THREADS, {&arguments...}});
}

at::Tensor partialsOf(const Sizes& sizes, const at::Tensor& x) {
  return floats({sizes.splits, sizes.chunks, 2, sizes.channels}, x);
}

/** Fewer partials where they are many; `sizes` then counts those. */
at::Tensor fold(const at::Tensor& partials, Sizes& sizes, const at::Tensor& x) {
  if (sizes.chunks <= MOST_JOINED) return partials;
  const Sizes from = sizes;
  sizes.chunks = static_cast<uint32_t>(MOST_JOINED);
  const at::Tensor folded = partialsOf(sizes, x);
  run("batchNormFold", x, folded.numel(), from, sizes.chunks, addressOf(partials), addressOf(folded));
  return folded;
}

/** False where the kernels can't be had: nothing has been computed then. */
bool normaliseByKernels(const NormForward& of, NormForwardResult& to) {
  Sizes sizes = sizesOf(of.x);
  const int64_t statistics = of.x.size(0) * of.x.size(2);
  const at::Tensor partials = partialsOf(sizes, of.x);
  void *x = addressOf(of.x), *mean = addressOf(to.mean), *variance = addressOf(to.variance);
  if (!run("batchNormMeasure", of.x, partials.numel() / 2, sizes, x, addressOf(partials))) return false;
  const at::Tensor sums = fold(partials, sizes, of.x);
  run("batchNormJoin", of.x, statistics, sizes, x, addressOf(sums), mean, variance);
  return run("batchNormApply", of.x, of.x.numel(), sizes, x, addressOf(of.scale), addressOf(of.offset), mean, variance,
             static_cast<float>(of.epsilon), addressOf(of.residual), static_cast<int>(of.relu), addressOf(to.y));
}

bool normaliseBackwardByKernels(const NormBackward& of, NormBackwardResult& to) {
  Sizes sizes = sizesOf(of.x);
  const at::Tensor partials = partialsOf(sizes, of.x), averages = floats({of.x.size(0), 2, of.x.size(2)}, of.x);
  const auto epsilon = static_cast<float>(of.epsilon);
  const Backward from{addressOf(of.dy),     addressOf(of.x),    addressOf(of.y),        addressOf(of.scale),
                      addressOf(of.offset), addressOf(of.mean), addressOf(of.variance), epsilon, of.relu};
  void* means = addressOf(averages);
  if (!run("batchNormGradMeasure", of.x, partials.numel() / 2, sizes, from, addressOf(partials))) return false;
  const at::Tensor sums = fold(partials, sizes, of.x);
  run("batchNormGradJoin", of.x, of.x.size(2), sizes, addressOf(sums), from.variance, epsilon, means,
      addressOf(to.dScale), addressOf(to.dOffset));
  return run("batchNormGradApply", of.x, of.x.numel(), sizes, from, means, addressOf(to.dx),
             of.y.defined() ? addressOf(to.gated) : nullptr);
}

bool fitsKernels(const at::Tensor& x) { return x.is_cuda() && x.numel() <= MOST_NUMBERS; }

/** ATen's BatchNorm of bfloat16 wants float32 on some CPUs and versions. */
at::Tensor forAten(const at::Tensor& tensor) { return tensor.is_cpu() ? widen(tensor) : tensor; }

void normaliseByAten(const NormForward& of, NormForwardResult& to) {
  for (int64_t split = 0; split < of.x.size(0); split++) {
    auto [y, mean, inverse] = at::native_batch_norm(forAten(of.x[split]), of.scale, of.offset, {}, {}, true, 0, of.epsilon);
    if (of.residual.defined()) y = at::add(y, of.residual[split]);
    to.y[split].copy_(of.relu ? at::relu(y) : y);
    to.mean[split].copy_(mean);
    to.variance[split].copy_(inverse.to(at::kFloat).pow(-2).sub(of.epsilon).clamp_min(0));
  }
}

/** dy [M, C] of a split where ReLU let it through. */
at::Tensor gate(const NormBackward& of, int64_t split) {
  const at::Tensor dy = of.dy[split];
  if (!of.relu) return dy;
  if (of.y.defined()) return at::threshold_backward(dy, of.y[split], 0);
  const at::Tensor factor = at::mul(of.scale, at::rsqrt(at::add(of.variance[split], of.epsilon)));
  const at::Tensor value = at::add(at::mul(at::sub(of.x[split], of.mean[split]), factor), of.offset);
  return at::threshold_backward(dy, value.to(dy.scalar_type()), 0);
}

void normaliseBackwardByAten(const NormBackward& of, NormBackwardResult& to) {
  to.dScale.zero_();
  to.dOffset.zero_();
  for (int64_t split = 0; split < of.x.size(0); split++) {
    const at::Tensor inverse = of.variance[split].add(of.epsilon).rsqrt(), g = gate(of, split);
    if (of.y.defined()) to.gated[split].copy_(g);
    const auto [dx, dScale, dOffset] = at::native_batch_norm_backward(
        forAten(g), forAten(of.x[split]), of.scale, {}, {}, of.mean[split], inverse, true, of.epsilon,
        {true, true, true});
    to.dx[split].copy_(dx);
    to.dScale.add_(dScale);
    to.dOffset.add_(dOffset);
  }
}

}  // namespace

NormForwardResult normalise(const NormForward& given) {
  NormForward of = given;
  of.x = given.x.contiguous();
  if (of.residual.defined()) of.residual = of.residual.to(of.x.scalar_type()).contiguous();
  const std::vector<int64_t> statistics{of.x.size(0), of.x.size(2)};
  NormForwardResult to{at::empty_like(of.x), floats(statistics, of.x), floats(statistics, of.x)};
  if (!fitsKernels(of.x) || !normaliseByKernels(of, to)) normaliseByAten(of, to);
  return to;
}

NormBackwardResult normaliseBackward(const NormBackward& given) {
  NormBackward of = given;
  of.x = given.x.contiguous();
  of.dy = given.dy.to(of.x.scalar_type()).contiguous();
  if (of.y.defined()) of.y = of.y.contiguous();
  const std::vector<int64_t> channels{of.x.size(2)};
  NormBackwardResult to{at::empty_like(of.x), floats(channels, of.x), floats(channels, of.x),
                        of.y.defined() ? at::empty_like(of.x) : of.dy};
  if (!fitsKernels(of.x) || !normaliseBackwardByKernels(of, to)) normaliseBackwardByAten(of, to);
  return to;
}

}  // namespace mocolab
