// A convolution whose window stands in one place alone is a product of matrices: each image is a row of numbers, each
// filter a column of those of its taps that meet a pixel. So are the last layers of a ResNet on small images, where a
// window of 3 x 3 lies around an image of 1 x 1 and eight of its nine taps see nothing but padding.

#pragma once

#include "window.h"

namespace mocolab {

/** Whether the window stands in one place and all of the image is in it. */
bool isProduct(const Window& window, const Pair& imageSize);

/** The taps of a filter [K, I, kh, kw] that meet the image, as rows [K, H W I] in the order of an image's numbers. */
at::Tensor meetingTaps(const at::Tensor& filter, const Window& window, const Pair& imageSize);

/** Images [N, C, H, W], channels last, as rows [N, H W C]. A view. */
at::Tensor toRows(const at::Tensor& images);

/** A gradient of rows [K, H W I] as that of the whole filter [K, I, kh, kw], float32: 0 for taps that meet nothing. */
at::Tensor spreadTaps(const at::Tensor& rows, const Window& window, const Pair& imageSize, int64_t inputs);

}  // namespace mocolab
