// Images as the loader's steps see them: a strided view of bytes, so that cutting and flipping move no
// pixel, and three planes of bytes where a step computes. Nothing here knows libtorch.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "image-kernels.h"

namespace mocolab::image {

/** RGB bytes: that of (y, x, channel) at first + y * row + x * column + channel * plane. */
struct View {
  const uint8_t* first;
  int width, height;
  ptrdiff_t row, column, plane;

  const uint8_t* at(int y, int channel) const { return first + y * row + channel * plane; }
};

/** A view of an image whose channels lie side by side, rows without gaps. */
inline View viewInterleaved(const uint8_t* pixels, int width, int height) {
  return {pixels, width, height, ptrdiff_t{3} * width, 3, 1};
}

/** A view of three planes, one after the other. */
inline View viewPlanes(const uint8_t* pixels, int width, int height) {
  return {pixels, width, height, width, 1, static_cast<ptrdiff_t>(width) * height};
}

/** Memory that grows and is not cleared. */
class Buffer {
 public:
  uint8_t* reserve(size_t bytes) {
    if (bytes > size_) {
      bytes_.reset(new uint8_t[bytes]);
      size_ = bytes;
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

/** What the steps of one call work in: two images that take turns, and room for transposed ones. */
struct Workspace {
  explicit Workspace(const Kernels& chosen) : kernels(chosen) {}

  const Kernels& kernels;
  Buffer images[2];
  Buffer transposed[2];
  int current = 0;

  /** Room for the next image; the one before stays. */
  uint8_t* next(size_t bytes) {
    current ^= 1;
    return images[current].reserve(bytes);
  }
};

inline size_t countBytes(int width, int height) { return size_t{3} * width * height; }

/** out[column * outRow + row] = in[row * inRow + column] */
void transpose(const uint8_t* in, ptrdiff_t inRow, int rows, int columns, uint8_t* out, ptrdiff_t outRow);

/** Copies a view into planes. */
void copyPlanes(const View& from, uint8_t* planes);

/** Cuts a box out; what lies outside is black. Copies only where the box is not all inside. */
View crop(const View& image, int top, int left, int height, int width, Workspace& room);

/** PIL's BILINEAR with antialias: src/data/ops/resize.ts. */
View resize(const View& image, int width, int height, Workspace& room);

/** PIL's GaussianBlur: src/data/ops/gaussian-blur.ts. */
View blurGaussian(const View& image, double sigma, Workspace& room);

/** Looks every byte up in its channel's table of 256: [H, W, 3]. */
void normalise(const View& image, const float* tables, float* out);

}  // namespace mocolab::image
