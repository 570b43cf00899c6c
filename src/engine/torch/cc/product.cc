#include "product.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "outer-product.h"
#include "product-loops.h"
#include "store.h"

namespace mocolab {
namespace {

/** Rows of the result that a thread takes at a time, and of the inner axis. */
constexpr int64_t ROWS = 48, DEPTH = 512;
/** Floats of the right factor that rows pass at a time: they stay in the second cache. */
constexpr int64_t CACHE_FLOATS = 1 << 16;

/** The right factor in panels: [panels, inner, PANEL]. */
at::Tensor packAll(const Strided& right, int64_t inner, int64_t columns, const at::Tensor& like) {
  const at::Tensor packed = at::empty({countPanels(columns), inner, PANEL}, like.options());
  at::parallel_for(0, packed.size(0), 1, [&](int64_t first, int64_t last) {
    for (int64_t panel = first; panel < last; panel++)
      productLoops().pack(from(right, 0, panel * PANEL), inner, std::min(PANEL, columns - panel * PANEL),
                          floatsOf(packed) + panel * inner * PANEL);
  });
  return packed;
}

/** For a left factor whose rows lie together in memory. */
at::Tensor multiplyRows(const at::Tensor& a, const at::Tensor& b) {
  const int64_t rows = a.size(0), inner = a.size(1), columns = b.size(1), panels = countPanels(columns);
  const Strided left = stridesOf(a);
  const at::Tensor packed = packAll(stridesOf(b), inner, columns, a), result = at::empty({rows, columns}, a.options());
  const int64_t perRange = std::max<int64_t>(1, CACHE_FLOATS / (std::min(inner, DEPTH) * PANEL));
  const int64_t across = divideUp(panels, perRange), down = divideUp(rows, ROWS);
  const int64_t perTile = productLoops().tileRows * left.down;
  // Each block of the result is one thread's, along the whole inner axis: the same bits on any number of threads.
  at::parallel_for(0, across * down, 1, [&](int64_t first, int64_t last) {
    for (int64_t at = first; at < last; at++) {
      const int64_t row = at % down * ROWS, height = std::min(ROWS, rows - row);
      const int64_t begin = at / down * perRange, end = std::min(panels, begin + perRange);
      for (int64_t k = 0; k < inner; k += DEPTH)
        for (int64_t panel = begin; panel < end; panel++) {
          const Strided block = from(left, row, k);
          productLoops().multiply(block, floatsOf(packed) + (panel * inner + k) * PANEL, height,
                                  std::min(DEPTH, inner - k), std::min(PANEL, columns - panel * PANEL), k > 0,
                                  floatsOf(result) + row * columns + panel * PANEL, columns,
                                  panel == begin ? Ahead{block.data + perTile, perTile, left.down, LINE} : Ahead{});
        }
    }
  });
  return result;
}

/** For a left factor whose columns lie together in memory. */
at::Tensor multiplyColumns(const at::Tensor& a, const at::Tensor& b) {
  const Strided right = stridesOf(b);
  const auto fillPanel = [&](int64_t row, int64_t rows, int64_t column, int64_t width, float* panel) {
    productLoops().pack(from(right, row, column), rows, width, panel);
  };
  return sumOuterProducts(a.t(), b.size(1), fillPanel, right.across == 1 ? &right : nullptr);
}

}  // namespace

at::Tensor multiplyMatrices(const at::Tensor& a, const at::Tensor& b) {
  if (!a.is_cpu() || a.scalar_type() != at::kFloat || a.numel() == 0 || b.numel() == 0) return at::mm(a, b);
  return a.stride(0) == 1 && a.stride(1) > 1 ? multiplyColumns(a, b) : multiplyRows(a, b);
}

}  // namespace mocolab
