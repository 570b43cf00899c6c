#include "product.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "product-loops.h"
#include "store.h"

namespace mocolab {
namespace {

/** Of the inner axis at a time: a panel of it stays in the second cache. */
constexpr int64_t DEPTH = 512;
/** Rows of the result that one thread takes with a panel. */
constexpr int64_t MOST_ROWS = 384;

Strided stridesOf(const at::Tensor& matrix) { return {floatsOf(matrix), matrix.stride(0), matrix.stride(1)}; }

Strided from(const Strided& matrix, int64_t i, int64_t j) {
  return {matrix.data + i * matrix.down + j * matrix.across, matrix.down, matrix.across};
}

}  // namespace

at::Tensor multiplyMatrices(const at::Tensor& a, const at::Tensor& b) {
  if (!a.is_cpu() || a.scalar_type() != at::kFloat || a.size(1) == 0) return at::mm(a, b);
  const int64_t rows = a.size(0), inner = a.size(1), columns = b.size(1);
  const at::Tensor result = at::empty({rows, columns}, a.options());
  const Strided left = stridesOf(a), right = stridesOf(b);
  const int64_t across = countPanels(columns), down = (rows + MOST_ROWS - 1) / MOST_ROWS;
  // Each tile of the result is one thread's, along the whole inner axis: the same bits on any number of threads.
  at::parallel_for(0, across * down, 1, [&](int64_t first, int64_t last) {
    std::vector<float> panel(std::min(inner, DEPTH) * PANEL);
    for (int64_t at = first; at < last; at++) {
      const int64_t column = at / down * PANEL, width = std::min(PANEL, columns - column);
      const int64_t row = at % down * MOST_ROWS, height = std::min(MOST_ROWS, rows - row);
      for (int64_t k = 0; k < inner; k += DEPTH) {
        const int64_t depth = std::min(DEPTH, inner - k);
        productLoops().pack(from(right, k, column), depth, width, panel.data());
        productLoops().multiply(from(left, row, k), panel.data(), height, depth, width, k > 0,
                                floatsOf(result) + row * columns + column, columns);
      }
    }
  });
  return result;
}

}  // namespace mocolab
