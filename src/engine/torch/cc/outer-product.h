// Sums of outer products on the CPU: products of a matrix that is turned, as gradients of weights are.

#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "product-loops.h"
#include "store.h"

namespace mocolab {

inline Strided stridesOf(const at::Tensor& matrix) { return {floatsOf(matrix), matrix.stride(0), matrix.stride(1)}; }

/** The most rows of a panel. */
constexpr int64_t SUMMED_AT_ONCE = 192;

/**
 * Lays `rows` rows from `row` on of the right factor, `width` columns from `column` on (a multiple of PANEL), as a
 * panel [rows, PANEL] with zeros beyond its end. Called by many threads at once.
 */
using FillPanel = std::function<void(int64_t row, int64_t rows, int64_t column, int64_t width, float* panel)>;

/**
 * left [P, M] turned, times what fillPanel gives [P, N] -> [M, N], float32. Rows of `left` lie together in memory.
 *
 * @param right  the right factor where it lies in memory row by row: then its numbers are brought nearer in time
 */
at::Tensor sumOuterProducts(const at::Tensor& left, int64_t columns, const FillPanel& fillPanel,
                            const Strided* right = nullptr);

}  // namespace mocolab
