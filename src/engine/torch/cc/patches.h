// A filter's gradient as one product of matrices: each place of the window is a row of what it holds there.

#pragma once

#include "window.h"

namespace mocolab {

/** Whether that is faster than oneDNN's way, as measured: in bfloat16 on small images alone. */
bool worthPatches(const at::Tensor& images, const Window& window);

/** The gradient [K, C, kh, kw] of a filter, from images and dy [N, C, H, W], channels last. */
at::Tensor filterGradientOfPatches(const at::Tensor& images, const at::Tensor& dy, const Window& window);

}  // namespace mocolab
