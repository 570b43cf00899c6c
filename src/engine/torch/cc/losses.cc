// The losses with their gradients in one go: each is a scalar, so that the backward pass only scales what
// the forward pass has found.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "device.h"
#include "loss-loops.h"
#include "ops.h"

namespace mocolab {
namespace {

/** Keys at a time: they and their logits stay in the core's own cache. */
constexpr int64_t BLOCK = 512;
/** Parts of the queue, joined in order: the same bits on any number of threads. */
constexpr int64_t MOST_PARTS = 8;

at::Tensor floats(at::IntArrayRef shape) { return at::empty(shape, at::dtype(at::kFloat)); }

/** Softmax and gradient over one part of the queue. */
struct Negatives {
  std::vector<RunningSoftmax> softmax;
  std::vector<float> gradient;  // [N, C], by exp(logit - largest)
};

/** What InfoNce reads. */
struct Contrast {
  const float *q, *queue, *positives;
  float scale;
  int64_t n, c, k;
};

/** Blocks [first, last) of the queue [C, K], each copied together, because its rows lie far apart. */
Negatives sumNegatives(const Contrast& of, int64_t first, int64_t last) {
  Negatives found{std::vector<RunningSoftmax>(of.n, {-INFINITY, 0, 0}), std::vector<float>(of.n * of.c, 0.0f)};
  std::vector<float> keys(of.c * BLOCK), logits(of.n * BLOCK);
  for (int64_t block = first; block < last; block++) {
    const int64_t from = block * BLOCK, count = std::min(BLOCK, of.k - from);
    const int64_t width = (count + KEYS_UNIT - 1) / KEYS_UNIT * KEYS_UNIT;
    for (int64_t row = 0; row < of.c; row++) {
      float* line = keys.data() + row * width;
      std::copy_n(of.queue + row * of.k + from, count, line);
      std::fill(line + count, line + width, 0.0f);
    }
    lossLoops().addNegatives(of.q, keys.data(), of.positives, of.scale, of.n, of.c, {count, width}, logits.data(),
                             found.softmax.data(), found.gradient.data());
  }
  return found;
}

std::vector<Negatives> sumAllNegatives(const Contrast& of) {
  const int64_t blocks = (of.k + BLOCK - 1) / BLOCK, parts = std::min(blocks, MOST_PARTS);
  std::vector<Negatives> found(parts);
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; part++)
      found[part] = sumNegatives(of, part * blocks / parts, (part + 1) * blocks / parts);
  });
  return found;
}

}  // namespace

/**
 * q [N, C], k [N, C], queue [C, K], temperature -> mean loss, its gradient by q [N, C], and per query how many
 * negatives are larger than its positive [N] (int32; K + 1 where the positive is NaN).
 * The matrix of logits [N, 1+K] is never there.
 */
Tensors InfoNce(const Args& args) {
  const at::Tensor q = widen(args.tensor(0)).contiguous(), k = widen(args.tensor(1)).contiguous();
  const at::Tensor queue = args.tensor(2).contiguous();
  const auto scale = static_cast<float>(1 / args.number(3));
  const int64_t n = q.size(0), c = q.size(1), count = queue.size(1);
  std::vector<float> positives(n);
  for (int64_t row = 0; row < n; row++)
    positives[row] = scale * lossLoops().dot(floatsOf(q) + row * c, floatsOf(k) + row * c, c);
  const auto parts = sumAllNegatives({floatsOf(q), floatsOf(queue), positives.data(), scale, n, c, count});
  at::Tensor loss = floats({}), gradient = floats({n, c}), rank = at::empty({n}, at::dtype(at::kInt));
  double sum = 0;
  std::vector<double> own(c);
  for (int64_t row = 0; row < n; row++) {
    const float positive = positives[row];
    float largest = positive;
    int64_t larger = 0;
    for (const Negatives& part : parts) {
      largest = std::max(largest, part.softmax[row].largest);
      larger += part.softmax[row].larger;
    }
    const double weight = std::exp(static_cast<double>(positive) - largest);
    const float* key = floatsOf(k) + row * c;
    double total = weight;
    for (int64_t i = 0; i < c; i++) own[i] = weight * key[i];
    for (const Negatives& part : parts) {
      const double share = std::exp(static_cast<double>(part.softmax[row].largest) - largest);
      total += share * part.softmax[row].sum;
      for (int64_t i = 0; i < c; i++) own[i] += share * part.gradient[row * c + i];
    }
    for (int64_t i = 0; i < c; i++)
      floatsOf(gradient)[row * c + i] = static_cast<float>((own[i] / total - key[i]) * scale / n);
    sum += std::log(total) + largest - positive;
    rank.data_ptr<int32_t>()[row] = static_cast<int32_t>(std::isnan(positive) ? count + 1 : larger);
  }
  *floatsOf(loss) = static_cast<float>(sum / n);
  return {loss, gradient, rank};
}

/** logits [N, M], labels [N] (int32) -> mean loss, and its gradient (softmax - one-hot) / N [N, M]. */
Tensors SoftmaxCrossEntropy(const Args& args) {
  const at::Tensor logits = widen(args.tensor(0)).contiguous(), labels = args.tensor(1).to(at::kInt).contiguous();
  const int64_t n = logits.size(0), classes = logits.size(1);
  const int32_t* label = labels.data_ptr<int32_t>();
  for (int64_t row = 0; row < n; row++)
    if (label[row] < 0 || label[row] >= classes)
      throw std::out_of_range("the label " + std::to_string(label[row]) + " is none of " +
                              std::to_string(classes) + " classes");
  at::Tensor loss = floats({}), gradient = floats({n, classes});
  std::vector<double> losses(n);
  at::parallel_for(0, n, std::max<int64_t>(1, 8192 / classes), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; row++) {
      const float* x = floatsOf(logits) + row * classes;
      float* out = floatsOf(gradient) + row * classes;
      float largest;
      const float sum = lossLoops().exponentials(x, classes, out, &largest);
      losses[row] = std::log(static_cast<double>(sum)) + largest - x[label[row]];
      const float factor = 1 / (sum * static_cast<float>(n));
      for (int64_t i = 0; i < classes; i++) out[i] *= factor;
      out[label[row]] -= 1 / static_cast<float>(n);
    }
  });
  double total = 0;
  for (const double each : losses) total += each;
  *floatsOf(loss) = static_cast<float>(total / static_cast<double>(n));
  return {loss, gradient};
}

}  // namespace mocolab
