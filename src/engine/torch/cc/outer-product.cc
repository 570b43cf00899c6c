#include "outer-product.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

namespace mocolab {
namespace {

/** A block of the result, and outer products added to it at a time: its packed factors stay in the second cache. */
constexpr int64_t ROWS = 16 * GROUP, COLUMNS = 8 * PANEL, DEPTH = SUMMED_AT_ONCE;
/** Pieces of work, where the sum is long enough to make them: few blocks are too few for many threads. */
constexpr int64_t LEAST_PIECES = 32;

/** Parts of the sum that are added up at the end. They follow from the shapes alone, so that the bits do too. */
int64_t countParts(int64_t blocks, int64_t length) {
  int64_t parts = 1;
  while (blocks * parts < LEAST_PIECES && 2 * parts * DEPTH <= length) parts *= 2;
  return parts;
}

/** `height` numbers of each of `depth` rows -> [groups, depth, GROUP]. */
void packLeft(const Strided& rows, int64_t height, int64_t depth, float* packed) {
  for (int64_t k = 0; k < depth; k++, packed += GROUP) {
    const float* row = rows.data + k * rows.down;
    int64_t i = 0;
    for (; i + GROUP <= height; i += GROUP) std::memcpy(packed + i * depth, row + i, GROUP * sizeof(float));
    std::memcpy(packed + i * depth, row + i, (height - i) * sizeof(float));
  }
}

/** Of rows from `first` on, a row a step. */
Ahead aheadOf(const Strided& first, int64_t perTile) { return {first.data, perTile, first.down, LINE * first.down}; }

/** Both factors, by rows. */
struct Factors {
  Strided left;
  const FillPanel& fillPanel;
  const Strided* right;
};

struct Piece {
  int64_t row, height, column, width, from, to;
};

/** What the piece reads from row `k` on: the left factor's with the first panel, the right's with others. */
Ahead lookAhead(const Factors& factors, const Piece& piece, int64_t k, int64_t panel) {
  const int64_t size = productLoops().tileRows, tiles = divideUp(piece.height, size);
  if (panel == 0) return aheadOf(from(factors.left, k, piece.row), size);
  const int64_t column = (panel - 1) * tiles * LINE;
  if (!factors.right || column >= piece.width) return {};
  return aheadOf(from(*factors.right, k, piece.column + column), LINE);
}

void sumPiece(const Piece& piece, const Factors& factors, float* packed, float* panel, float* result, int64_t step) {
  for (int64_t k = piece.from; k < piece.to; k += DEPTH) {
    const int64_t depth = std::min(DEPTH, piece.to - k), after = std::min(k + DEPTH, piece.to - 1);
    packLeft(from(factors.left, k, piece.row), piece.height, depth, packed);
    for (int64_t at = 0; at < piece.width; at += PANEL) {
      const int64_t width = std::min(PANEL, piece.width - at);
      factors.fillPanel(k, depth, piece.column + at, width, panel);
      productLoops().multiply(Left::packed(packed, depth), panel, piece.height, depth, width, k > piece.from,
                              result + piece.row * step + piece.column + at, step,
                              lookAhead(factors, piece, after, at / PANEL));
    }
  }
}

/** result += each of [parts, ...], in their order. */
void addParts(const at::Tensor& result, const at::Tensor& others) {
  const int64_t size = result.numel(), count = others.size(0);
  float* sums = floatsOf(result);
  const float* part = floatsOf(others);
  at::parallel_for(0, size, 4096, [&](int64_t first, int64_t last) {
    for (int64_t at = 0; at < count; at++)
      for (int64_t i = first; i < last; i++) sums[i] += part[at * size + i];
  });
}

}  // namespace

at::Tensor sumOuterProducts(const at::Tensor& left, int64_t columns, const FillPanel& fillPanel, const Strided* right) {
  const int64_t length = left.size(0), rows = left.size(1);
  const int64_t across = divideUp(columns, COLUMNS), down = divideUp(rows, ROWS), blocks = across * down;
  const int64_t parts = countParts(blocks, length);
  const Factors factors{stridesOf(left), fillPanel, right};
  const at::Tensor result = at::empty({rows, columns}, left.options());
  const at::Tensor others = at::empty({parts - 1, rows, columns}, left.options());
  constexpr int64_t room = ROWS * DEPTH + PANEL * DEPTH;
  const at::Tensor rooms = at::empty({at::get_num_threads(), room}, left.options());
  at::parallel_for(0, parts * blocks, 1, [&](int64_t first, int64_t last) {
    float* packed = floatsOf(rooms) + at::get_thread_num() * room;
    for (int64_t at = first; at < last; at++) {
      const int64_t part = at / blocks, row = at % down * ROWS, column = at / down % across * COLUMNS;
      const Piece piece{row, std::min(ROWS, rows - row), column, std::min(COLUMNS, columns - column),
                        length * part / parts, length * (part + 1) / parts};
      float* sums = part == 0 ? floatsOf(result) : floatsOf(others) + (part - 1) * rows * columns;
      sumPiece(piece, factors, packed, packed + ROWS * DEPTH, sums, columns);
    }
  });
  addParts(result, others);
  return result;
}

}  // namespace mocolab
