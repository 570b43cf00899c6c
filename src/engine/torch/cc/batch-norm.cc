// Training-mode BatchNorm (+ residual) (+ ReLU) over [..., C], forward and backward, in two passes each:
// sums, then an affine form. Rows (pixels) are walked in order, channels are the vector. Storage is float32
// or bfloat16; statistics and coefficients are float32, sums are joined in double.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "batch-norm-loops.h"
#include "bfloat16.h"
#include "ops.h"

namespace mocolab {
namespace {

/** Lines whose sums stay in float before they go to double: short enough to lose nothing. */
constexpr int64_t BLOCK = 64;
/** Numbers that are worth a part of their own. */
constexpr int64_t GRAIN = 16384;
constexpr int64_t MOST_PARTS = 16;
/** Few channels are taken as several pixels a line, until a line is this long. */
constexpr int64_t LINE = 64;

using Doubles = std::vector<double>;

/** One split of the batch as the loops see it. */
struct Rows {
  int64_t rows, channels;
  /** Pixels a line. */
  int64_t fold = std::max<int64_t>(1, LINE / channels);
  int64_t width = fold * channels;

  /** Calls run(offset, lines, width) for rows [first, last): whole lines, then the rest one by one. */
  template <typename Run>
  void walk(int64_t first, int64_t last, const Run& run) const {
    const int64_t lines = (last - first) / fold, rest = (last - first) % fold;
    if (lines > 0) run(first * channels, lines, width);
    if (rest > 0) run((last - rest) * channels, rest, channels);
  }

  /** Values by channel, repeated over a line. */
  std::vector<float> spread(const Doubles& values) const {
    std::vector<float> line(width);
    for (int64_t i = 0; i < width; i++) line[i] = static_cast<float>(values[i % channels]);
    return line;
  }
};

/** Two sums a channel. The parts follow from the shape, not from the threads: the same bits on any number. */
template <typename Add>
std::pair<Doubles, Doubles> sumRows(const Rows& of, const Add& add) {
  const int64_t parts = std::clamp<int64_t>(of.rows * of.channels / GRAIN, 1, MOST_PARTS);
  const int64_t block = BLOCK * of.fold, blocks = (of.rows + block - 1) / block;
  std::vector<Doubles> sums(parts, Doubles(2 * of.channels, 0.0));
  at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
    std::vector<float> line(2 * of.width);
    for (int64_t part = first; part < last; part++) {
      for (int64_t i = part * blocks / parts; i < (part + 1) * blocks / parts; i++) {
        std::fill(line.begin(), line.end(), 0.0f);
        of.walk(i * block, std::min(of.rows, (i + 1) * block), [&](int64_t at, int64_t lines, int64_t width) {
          add(at, lines, width, line.data(), line.data() + of.width);
        });
        for (int64_t c = 0, channel = 0; c < of.width; c++) {
          sums[part][channel] += line[c];
          sums[part][of.channels + channel] += line[of.width + c];
          if (++channel == of.channels) channel = 0;
        }
      }
    }
  });
  Doubles first(of.channels, 0.0), second(of.channels, 0.0);
  for (const Doubles& part : sums)
    for (int64_t c = 0; c < of.channels; c++) {
      first[c] += part[c];
      second[c] += part[of.channels + c];
    }
  return {first, second};
}

/** Calls run(offset, lines, width) over all rows, in parallel. */
template <typename Run>
void eachLine(const Rows& of, const Run& run) {
  const int64_t grain = std::max<int64_t>(1, GRAIN / of.width), lines = (of.rows + of.fold - 1) / of.fold;
  at::parallel_for(0, lines, grain, [&](int64_t first, int64_t last) {
    of.walk(first * of.fold, std::min(of.rows, last * of.fold), run);
  });
}

char* bytesOf(const at::Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }

Rows rowsOf(const at::Tensor& x, int64_t splits) {
  const int64_t channels = x.size(-1);
  return {x.numel() / channels / splits, channels};
}

/** About the mean: what one-pass variances are taken around, so that nothing cancels. */
Doubles guessMean(const Rows& of, const at::Tensor& x, int64_t from) {
  constexpr int64_t SAMPLES = 32;
  const int64_t samples = std::min(of.rows, SAMPLES);
  Doubles sums(of.channels, 0.0);
  for (int64_t i = 0; i < samples; i++) {
    const int64_t at = from + i * of.rows / samples * of.channels;
    for (int64_t c = 0; c < of.channels; c++) {
      sums[c] += isBfloat16(x) ? static_cast<float>(x.data_ptr<at::BFloat16>()[at + c]) : floatsOf(x)[at + c];
    }
  }
  for (double& sum : sums) sum = static_cast<float>(sum / static_cast<double>(samples));
  return sums;
}

/** Means and biased variances of one split, to float32. */
void measure(const Rows& of, const at::Tensor& x, int64_t from, float* mean, float* variance) {
  const Doubles guess = guessMean(of, x, from);
  const std::vector<float> centre = of.spread(guess);
  const auto add = batchNormLoops().addMoments[isBfloat16(x)];
  const char* data = bytesOf(x) + from * static_cast<int64_t>(x.element_size());
  const auto [sums, squares] =
      sumRows(of, [&](int64_t at, int64_t lines, int64_t width, float* first, float* second) {
        add(data + at * static_cast<int64_t>(x.element_size()), centre.data(), lines, width, first, second);
      });
  for (int64_t c = 0; c < of.channels; c++) {
    const double offset = sums[c] / static_cast<double>(of.rows);
    mean[c] = static_cast<float>(guess[c] + offset);
    variance[c] = static_cast<float>(
        std::max(0.0, squares[c] / static_cast<double>(of.rows) - offset * offset));
  }
}

/** What the forward pass multiplies by and adds: from float32 statistics, so that both passes find the same. */
std::pair<Doubles, Doubles> affineOf(const Rows& of, const float* mean, const float* variance, double epsilon,
                                     const float* scale, const float* offset) {
  Doubles factor(of.channels), shift(of.channels);
  for (int64_t c = 0; c < of.channels; c++) {
    factor[c] = static_cast<float>(scale[c] / std::sqrt(variance[c] + epsilon));
    shift[c] = offset[c] - mean[c] * factor[c];
  }
  return {factor, shift};
}

/** running = (1 - share) running + share fresh: fresh is the mean over the splits, the variance unbiased. */
void track(float* running, const at::Tensor& fresh, double correction, double share) {
  const int64_t splits = fresh.size(0), channels = fresh.size(1);
  const float* values = floatsOf(fresh);
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0;
    for (int64_t split = 0; split < splits; split++) sum += values[split * channels + c];
    const double mean = correction * sum / static_cast<double>(splits);
    running[c] = static_cast<float>((1 - share) * running[c] + share * mean);
  }
}

at::Tensor toTensor(const Doubles& values) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::dtype(at::kFloat));
  std::copy(values.begin(), values.end(), floatsOf(tensor));
  return tensor;
}

}  // namespace

/**
 * x [..., C], scale, offset, epsilon, relu, splits, whether x is spent, residual?, then running mean and variance
 * with the share of the new value? -> y, mean [splits, C], biased variance [splits, C].
 */
Tensors BatchNorm(const Args& args) {
  at::Tensor y = reuse(args.tensor(0), args.flag(6));
  const at::Tensor x = args.tensor(0).contiguous();
  const double epsilon = args.number(3);
  const bool relu = args.flag(4);
  const int64_t splits = args.integer(5), bytes = static_cast<int64_t>(x.element_size());
  const Rows of = rowsOf(x, splits);
  const at::Tensor residual = args.has(7) ? args.tensor(7).to(x.scalar_type()).contiguous() : at::Tensor();
  at::Tensor mean = at::empty({splits, of.channels}, at::dtype(at::kFloat)), variance = at::empty_like(mean);
  for (int64_t split = 0; split < splits; split++) {
    const int64_t from = split * of.rows * of.channels;
    float* means = floatsOf(mean) + split * of.channels;
    float* variances = floatsOf(variance) + split * of.channels;
    measure(of, x, from, means, variances);
    const auto [factors, shifts] =
        affineOf(of, means, variances, epsilon, floatsOf(args.tensor(1)), floatsOf(args.tensor(2)));
    const auto factor = of.spread(factors), shift = of.spread(shifts);
    const auto apply = batchNormLoops().applyAffine[isBfloat16(x)];
    eachLine(of, [&](int64_t at, int64_t lines, int64_t width) {
      const int64_t byte = (from + at) * bytes;
      apply(bytesOf(x) + byte, factor.data(), shift.data(), residual.defined() ? bytesOf(residual) + byte : nullptr,
            relu, lines, width, bytesOf(y) + byte);
    });
  }
  if (args.has(8)) {
    const double count = static_cast<double>(of.rows), share = args.number(10);
    track(floatsOf(args.tensor(8)), mean, 1, share);
    track(floatsOf(args.tensor(9)), variance, count / std::max(1.0, count - 1), share);
  }
  return {y, mean, variance};
}

/**
 * dy, x, y (undefined where ReLU had no residual before it), scale, offset, mean, variance, epsilon, relu,
 * whether dy and whether x are spent -> dx, dScale, dOffset, and dy where ReLU let it through (without a y,
 * only dy itself).
 */
Tensors BatchNormGrad(const Args& args) {
  const Gate gate = !args.flag(8) ? Gate::OPEN : args.has(2) ? Gate::BY_Y : Gate::BY_X;
  at::Tensor dx = reuse(args.tensor(1), args.flag(10));
  const bool fits = args.tensor(0).scalar_type() == args.tensor(1).scalar_type();
  at::Tensor gated = gate == Gate::BY_Y ? reuse(fits ? args.tensor(0) : args.tensor(1), fits && args.flag(9)) : at::Tensor();
  const at::Tensor dy = args.tensor(0).to(args.tensor(1).scalar_type()).contiguous();
  if (!gated.defined()) gated = dy;
  const at::Tensor x = args.tensor(1).contiguous();
  const at::Tensor y = args.has(2) ? args.tensor(2).contiguous() : at::Tensor();
  const float* scale = floatsOf(args.tensor(3));
  const at::Tensor &mean = args.tensor(5), &variance = args.tensor(6);
  const double epsilon = args.number(7);
  const int64_t splits = mean.size(0), bytes = static_cast<int64_t>(x.element_size());
  const Rows of = rowsOf(x, splits);
  Doubles dScale(of.channels, 0.0), dOffset(of.channels, 0.0);
  for (int64_t split = 0; split < splits; split++) {
    const int64_t from = split * of.rows * of.channels, start = from * bytes;
    const float* means = floatsOf(mean) + split * of.channels;
    const float* variances = floatsOf(variance) + split * of.channels;
    const auto [factors, shifts] = affineOf(of, means, variances, epsilon, scale, floatsOf(args.tensor(4)));
    const auto centre = of.spread(Doubles(means, means + of.channels));
    const auto factor = of.spread(factors), shift = of.spread(shifts);
    const Backward backward = {gate,
                               bytesOf(dy) + start,
                               bytesOf(x) + start,
                               y.defined() ? bytesOf(y) + start : nullptr,
                               bytesOf(gated) + start,
                               {centre.data(), factor.data(), shift.data()}};
    const auto add = batchNormLoops().addProducts[isBfloat16(x)];
    const auto [sums, dots] =
        sumRows(of, [&](int64_t at, int64_t lines, int64_t width, float* first, float* second) {
          add(backward, at, lines, width, first, second);
        });
    Doubles ofG(of.channels), ofX(of.channels), constant(of.channels);
    for (int64_t c = 0; c < of.channels; c++) {
      const double inverseStd = 1 / std::sqrt(variances[c] + epsilon), count = static_cast<double>(of.rows);
      ofG[c] = inverseStd * scale[c];
      ofX[c] = -ofG[c] * inverseStd * inverseStd * dots[c] / count;
      constant[c] = -ofX[c] * means[c] - ofG[c] * sums[c] / count;
      dScale[c] += dots[c] * inverseStd;
      dOffset[c] += sums[c];
    }
    const auto a = of.spread(ofG), b = of.spread(ofX), c = of.spread(constant);
    const auto apply = batchNormLoops().applyCombination[isBfloat16(x)];
    eachLine(of, [&](int64_t at, int64_t lines, int64_t width) {
      apply(backward, {a.data(), b.data(), c.data()}, at, lines, width, bytesOf(dx) + start);
    });
  }
  return {dx, toTensor(dScale), toTensor(dOffset), gated};
}

}  // namespace mocolab
