// The window of a convolution or a pool, as window.ts packs it. Pairs are [height, width].

#pragma once

#include <array>

#include "args.h"

namespace mocolab {

using Pair = std::array<int64_t, 2>;

struct Window {
  int64_t groups;
  /** Not 0: images are [N, C, H, W] in memory instead of [N, H, W, C]. All of one type, so that bytes compare. */
  int64_t channelsFirst;
  /** `before`: padding at top and left. What is missing at bottom and right follows from `output`. */
  Pair kernel, stride, dilation, before, output;
};

/** Of an image: where the window stands. */
inline int64_t countPlaces(const Window& window) { return window.output[0] * window.output[1]; }

inline Window readWindow(const Args& args, size_t at) {
  const auto n = args.integers(at);
  return {n[0], n[1], {n[2], n[3]}, {n[4], n[5]}, {n[6], n[7]}, {n[8], n[9]}, {n[10], n[11]}};
}

/** As ATen wants images: [N, C, H, W], channels last in memory. Copies only what is not so already. */
inline at::Tensor toImages(const at::Tensor& x, const Window& window) {
  return window.channelsFirst ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous().permute({0, 3, 1, 2});
}

inline at::Tensor fromImages(const at::Tensor& images, const Window& window) {
  return window.channelsFirst ? images.contiguous() : images.permute({0, 2, 3, 1}).contiguous();
}

/** [N, C, H, W] -> [N H W, C], a view where channels come last in memory. */
inline at::Tensor toPixels(const at::Tensor& images) { return images.permute({0, 2, 3, 1}).flatten(0, 2); }

}  // namespace mocolab
