// Filters in the layout that convolutions want, and their gradients in the same.

#pragma once

#include "window.h"

namespace mocolab {

/**
 * The filter of a handle, [kh, kw, I, K] or depthwise [kh, kw, C, M], as [K, I, kh, kw] (I = 1) in the
 * channels-last format. Its memory is relaid once and stays so under the same handle: updates keep it, and
 * later calls copy nothing. A lower precision is kept with the handle until the next update.
 *
 * @param inputs  I, the channels of a group
 */
at::Tensor filterOf(int32_t handle, int64_t inputs, at::ScalarType type);

/**
 * The taps of a filter that meet the image, [K, H W I], where the window stands in one place (window-product.h). A
 * lower precision is kept as filterOf's.
 */
at::Tensor meetingTapsOf(int32_t handle, const Window& window, const Pair& imageSize, int64_t inputs,
                         at::ScalarType type);

/** A gradient [K, I, kh, kw] in float32, seen as a filter of `shape`; its memory lies as relaid filters do. */
at::Tensor toFilterGradient(const at::Tensor& gradient, at::IntArrayRef shape);

}  // namespace mocolab
