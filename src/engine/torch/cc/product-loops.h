// The inner loop of products of float32 matrices, in the machine's best instruction set.

#pragma once

#include <cstdint>

namespace mocolab {

/** A matrix in memory of any order: element (i, j) lies at i down + j across. */
struct Strided {
  const float* data;
  int64_t down, across;
};

inline Strided from(const Strided& matrix, int64_t i, int64_t j) {
  return {matrix.data + i * matrix.down + j * matrix.across, matrix.down, matrix.across};
}

/** Columns that the loop works on at once: `pack` makes the right factor's so wide, zeros beyond its end. */
constexpr int64_t PANEL = 32;
/** Rows that lie together in a left factor that is packed: [groups, inner, GROUP]. Every tile's rows divide it. */
constexpr int64_t GROUP = 12;

inline int64_t divideUp(int64_t count, int64_t by) { return (count + by - 1) / by; }

inline int64_t countPanels(int64_t columns) { return divideUp(columns, PANEL); }

/** A left factor as the loop reads it: element (i, k) lies at i / GROUP group + i % GROUP down + k across. */
struct Left {
  const float* data;
  int64_t down, across, group;

  Left(const Strided& matrix) : Left(matrix.data, matrix.down, matrix.across, GROUP * matrix.down) {}
  static Left packed(const float* data, int64_t inner) { return Left(data, 1, GROUP, GROUP * inner); }

 private:
  Left(const float* data, int64_t down, int64_t across, int64_t group)
      : data(data), down(down), across(across), group(group) {}
};

/** Floats of a cache line. */
constexpr int64_t LINE = 16;

/**
 * Numbers that are read soon. They are brought to the second cache meanwhile, one line a step of the inner axis: at
 * step k of tile t of rows, that at t perTile + k % LINE low + k / LINE high.
 */
struct Ahead {
  const float* data = nullptr;
  int64_t perTile = 0, low = 0, high = 0;
};

struct ProductLoops {
  /** Rows of a tile. */
  int64_t tileRows;
  /** Copies `inner` rows of `columns` <= PANEL numbers together: panel [inner, PANEL]. */
  void (*pack)(const Strided& right, int64_t inner, int64_t columns, float* panel);
  /** The same of whole panels' rows that lie anywhere; null is a row of zeros. */
  void (*gather)(const float* const* rows, int64_t inner, float* panel);
  /** result [rows, columns] = left [rows, inner] panel, or += where `onTop`. Rows of the result lie `step` apart. */
  void (*multiply)(const Left& left, const float* panel, int64_t rows, int64_t inner, int64_t columns, bool onTop,
                   float* result, int64_t step, const Ahead& ahead);
};

const ProductLoops& productLoops();

}  // namespace mocolab
