// The inner loop of products of float32 matrices, in the machine's best instruction set.

#pragma once

#include <cstdint>

namespace mocolab {

/** A matrix in memory of any order: element (i, j) lies at i down + j across. */
struct Strided {
  const float* data;
  int64_t down, across;
};

/** Columns that the loop works on at once: `keep` makes the right factor's so wide, zeros beyond its end. */
constexpr int64_t PANEL = 32;

inline int64_t countPanels(int64_t columns) { return (columns + PANEL - 1) / PANEL; }

struct ProductLoops {
  /** Copies `inner` rows of `columns` <= PANEL numbers together: panel [inner, PANEL]. */
  void (*pack)(const Strided& right, int64_t inner, int64_t columns, float* panel);
  /** result [rows, columns] = left [rows, inner] panel, or += where `onTop`. Rows of the result lie `step` apart. */
  void (*multiply)(const Strided& left, const float* panel, int64_t rows, int64_t inner, int64_t columns, bool onTop,
                   float* result, int64_t step);
};

const ProductLoops& productLoops();

}  // namespace mocolab
