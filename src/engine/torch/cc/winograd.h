// 3x3 convolutions of stride 1 by Winograd's minimal filtering: 2x2 pixels of the result from 4x4 of the images by 16
// products where the sum as it stands takes 36; a filter's gradient likewise. The rounding errors are no larger (Lavin
// and Gray, 2016).

#pragma once

#include "window.h"

namespace mocolab {

/** Whether that is faster, as measured. `images` [N, C, H, W]; K filters. */
bool worthWinograd(const at::Tensor& images, const Window& window, int64_t outputs);

/** The same for a filter's gradient: with very few places of the window an image, the product of its patches is. */
bool worthWinogradGradient(const at::Tensor& images, const Window& window, int64_t outputs);

/** x [N, C, H, W] and filter [K, C, 3, 3], channels last -> y [N, K, Ho, Wo]. */
at::Tensor convolveTiles(const at::Tensor& images, const at::Tensor& filter, const Window& window);

/** dy [N, K, Ho, Wo] and filter [K, C, 3, 3], channels last -> dx [N, C, H, W]. */
at::Tensor convolveTilesBack(const at::Tensor& dy, const at::Tensor& filter, const Window& window, const Pair& size);

/** The gradient [K, C, 3, 3] of a filter, from images and dy [N, K, Ho, Wo], channels last. */
at::Tensor filterGradientOfTiles(const at::Tensor& images, const at::Tensor& dy, const Window& window);

}  // namespace mocolab
