// Training-mode BatchNorm (+ residual) (+ ReLU) over [splits, M, C], forward and backward, in two
// passes each: sums, then an affine form. Rows are walked in order, channels are the vector.

#include <ATen/Parallel.h>

#include <cmath>

#include "ops.h"
#include "vector-clones.h"

namespace mocolab {
namespace {

/** Rows whose sums stay in float before they go to double: short enough to lose nothing. */
constexpr int64_t BLOCK = 32;

VECTOR_CLONES void addRows(const float* x, int64_t rows, int64_t channels, float* sums) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < channels; c++) sums[c] += x[row * channels + c];
}

VECTOR_CLONES void addSquares(const float* x, const float* mean, int64_t rows, int64_t channels, float* sums) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < channels; c++) {
      const float centred = x[row * channels + c] - mean[c];
      sums[c] += centred * centred;
    }
}

VECTOR_CLONES void addProducts(const float* g, const float* x, const float* mean, int64_t rows,
                               int64_t channels, float* sums, float* products) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < channels; c++) {
      const int64_t i = row * channels + c;
      sums[c] += g[i];
      products[c] += g[i] * (x[i] - mean[c]);
    }
}

VECTOR_CLONES void affine(const float* x, const float* factor, const float* shift, const float* residual,
                          bool relu, int64_t rows, int64_t channels, float* y) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < channels; c++) {
      const int64_t i = row * channels + c;
      float value = x[i] * factor[c] + shift[c];
      if (residual) value += residual[i];
      y[i] = relu && value < 0 ? 0 : value;
    }
}

VECTOR_CLONES void gate(const float* dy, const float* y, int64_t count, float* gated) {
  for (int64_t i = 0; i < count; i++) {
    const float gradient = dy[i];  // Loaded either way, so that this becomes a mask.
    gated[i] = y[i] > 0 ? gradient : 0;
  }
}

VECTOR_CLONES void combine(const float* g, const float* x, const float* ofG, const float* ofX,
                           const float* constant, int64_t rows, int64_t channels, float* dx) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < channels; c++) {
      const int64_t i = row * channels + c;
      dx[i] = g[i] * ofG[c] + x[i] * ofX[c] + constant[c];
    }
}

/** Sums over rows in double. `add(row, rows, sums)` adds a block of rows to `width` float sums. */
template <typename Add>
std::vector<double> sumRows(int64_t rows, int64_t width, const Add& add) {
  const int64_t blocks = (rows + BLOCK - 1) / BLOCK;
  // The parts are fixed by the shape, not by the number of threads: the same bits on any of them.
  constexpr int64_t PARTS = 16;
  std::vector<std::vector<double>> parts(PARTS, std::vector<double>(width, 0.0));
  at::parallel_for(0, PARTS, 1, [&](int64_t first, int64_t last) {
    std::vector<float> sums(width);
    for (int64_t part = first; part < last; part++) {
      for (int64_t block = part * blocks / PARTS; block < (part + 1) * blocks / PARTS; block++) {
        const int64_t row = block * BLOCK;
        std::fill(sums.begin(), sums.end(), 0.0f);
        add(row, std::min(BLOCK, rows - row), sums.data());
        for (int64_t c = 0; c < width; c++) parts[part][c] += sums[c];
      }
    }
  });
  for (int64_t part = 1; part < PARTS; part++)
    for (int64_t c = 0; c < width; c++) parts[0][c] += parts[part][c];
  return parts[0];
}

template <typename Run>
void eachRows(int64_t rows, int64_t channels, const Run& run) {
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, channels));
  at::parallel_for(0, rows, grain, [&](int64_t first, int64_t last) { run(first, last - first); });
}

std::vector<float> toFloats(const std::vector<double>& values) {
  return std::vector<float>(values.begin(), values.end());
}

}  // namespace

/** x, scale, offset, epsilon, relu, residual? -> y, mean [splits, C], biased variance [splits, C]. */
Tensors BatchNorm(const Args& args) {
  const at::Tensor& x = args.tensor(0);
  const int64_t splits = x.size(0), rows = x.size(1), channels = x.size(2);
  const float* scale = floatsOf(args.tensor(1));
  const float* offset = floatsOf(args.tensor(2));
  const double epsilon = args.number(3);
  const bool relu = args.flag(4);
  const float* residual = args.has(5) ? floatsOf(args.tensor(5)) : nullptr;
  at::Tensor y = at::empty_like(x);
  at::Tensor mean = at::empty({splits, channels}), variance = at::empty({splits, channels});
  for (int64_t split = 0; split < splits; split++) {
    const int64_t from = split * rows * channels;
    const float* in = floatsOf(x) + from;
    auto means = sumRows(rows, channels, [&](int64_t row, int64_t count, float* sums) {
      addRows(in + row * channels, count, channels, sums);
    });
    for (double& each : means) each /= static_cast<double>(rows);
    const auto meansFloat = toFloats(means);
    auto variances = sumRows(rows, channels, [&](int64_t row, int64_t count, float* sums) {
      addSquares(in + row * channels, meansFloat.data(), count, channels, sums);
    });
    std::vector<float> factor(channels), shift(channels);
    for (int64_t c = 0; c < channels; c++) {
      variances[c] /= static_cast<double>(rows);
      const double f = scale[c] / std::sqrt(variances[c] + epsilon);
      factor[c] = static_cast<float>(f);
      shift[c] = static_cast<float>(offset[c] - means[c] * f);
      floatsOf(mean)[split * channels + c] = meansFloat[c];
      floatsOf(variance)[split * channels + c] = static_cast<float>(variances[c]);
    }
    float* out = floatsOf(y) + from;
    eachRows(rows, channels, [&](int64_t row, int64_t count) {
      const int64_t at = row * channels;
      affine(in + at, factor.data(), shift.data(), residual ? residual + from + at : nullptr, relu, count,
             channels, out + at);
    });
  }
  return {y, mean, variance};
}

/** dy, x, y, scale, mean, variance, epsilon, relu -> dx, dScale, dOffset, gated. */
Tensors BatchNormGrad(const Args& args) {
  const at::Tensor& x = args.tensor(1);
  const int64_t splits = x.size(0), rows = x.size(1), channels = x.size(2);
  const float* scale = floatsOf(args.tensor(3));
  const float* mean = floatsOf(args.tensor(4));
  const float* variance = floatsOf(args.tensor(5));
  const double epsilon = args.number(6);
  at::Tensor gated = args.tensor(0);
  if (args.flag(7)) {
    gated = at::empty_like(x);
    const float* dy = floatsOf(args.tensor(0));
    const float* y = floatsOf(args.tensor(2));
    float* out = floatsOf(gated);
    at::parallel_for(0, x.numel(), 16384,
                     [&](int64_t first, int64_t last) { gate(dy + first, y + first, last - first, out + first); });
  }
  at::Tensor dx = at::empty_like(x);
  std::vector<double> dScale(channels, 0.0), dOffset(channels, 0.0);
  for (int64_t split = 0; split < splits; split++) {
    const int64_t from = split * rows * channels;
    const float* g = floatsOf(gated) + from;
    const float* in = floatsOf(x) + from;
    const float* means = mean + split * channels;
    const auto sums = sumRows(rows, 2 * channels, [&](int64_t row, int64_t count, float* both) {
      const int64_t at = row * channels;
      addProducts(g + at, in + at, means, count, channels, both, both + channels);
    });
    std::vector<float> ofG(channels), ofX(channels), constant(channels);
    for (int64_t c = 0; c < channels; c++) {
      const double inverseStd = 1 / std::sqrt(variance[split * channels + c] + epsilon);
      const double projected = sums[channels + c] * inverseStd;
      const double a = inverseStd * scale[c];
      const double b = -a * inverseStd * projected / static_cast<double>(rows);
      ofG[c] = static_cast<float>(a);
      ofX[c] = static_cast<float>(b);
      constant[c] = static_cast<float>(-b * means[c] - a * sums[c] / static_cast<double>(rows));
      dScale[c] += projected;
      dOffset[c] += sums[c];
    }
    float* out = floatsOf(dx) + from;
    eachRows(rows, channels, [&](int64_t row, int64_t count) {
      const int64_t at = row * channels;
      combine(g + at, in + at, ofG.data(), ofX.data(), constant.data(), count, channels, out + at);
    });
  }
  const auto toTensor = [&](const std::vector<double>& values) {
    at::Tensor tensor = at::empty({channels});
    std::copy(values.begin(), values.end(), floatsOf(tensor));
    return tensor;
  };
  return {dx, toTensor(dScale), toTensor(dOffset), gated};
}

}  // namespace mocolab
