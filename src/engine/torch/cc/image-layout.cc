// Moving bytes: transposing, views into planes, cutting, and planes into the floats that a network reads.

#include <algorithm>
#include <cstring>

#include "image.h"

namespace mocolab::image {
namespace {

constexpr int kBlock = 16;

void transposePlain(const uint8_t* in, ptrdiff_t inRow, int rows, int columns, uint8_t* out, ptrdiff_t outRow) {
  for (int y = 0; y < rows; y++) {
    for (int x = 0; x < columns; x++) out[x * outRow + y] = in[y * inRow + x];
  }
}

#if defined(__GNUC__)
using Bytes16 = uint8_t __attribute__((vector_size(kBlock)));

#if defined(__clang__)
#define MOCOLAB_ZIP(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define MOCOLAB_ZIP(a, b, ...) __builtin_shuffle(a, b, Bytes16{__VA_ARGS__})
#endif

/** Four rounds of zipping row i with row i + 8 turn rows into columns. */
void transposeBlock(const uint8_t* in, ptrdiff_t inRow, uint8_t* out, ptrdiff_t outRow) {
  Bytes16 rows[kBlock], zipped[kBlock];
  for (int i = 0; i < kBlock; i++) std::memcpy(&rows[i], in + i * inRow, kBlock);
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < kBlock / 2; i++) {
      const Bytes16 a = rows[i], b = rows[i + 8];
      zipped[2 * i] = MOCOLAB_ZIP(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      zipped[2 * i + 1] = MOCOLAB_ZIP(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    std::copy(zipped, zipped + kBlock, rows);
  }
  for (int i = 0; i < kBlock; i++) std::memcpy(out + i * outRow, &rows[i], kBlock);
}
#else
void transposeBlock(const uint8_t* in, ptrdiff_t inRow, uint8_t* out, ptrdiff_t outRow) {
  transposePlain(in, inRow, kBlock, kBlock, out, outRow);
}
#endif

/** One row, `column` known to the compiler. */
template <int column>
void copyRow(const uint8_t* from, int width, uint8_t* to) {
  for (int x = 0; x < width; x++) to[x] = from[x * column];
}

void copyRow(const uint8_t* from, ptrdiff_t column, int width, uint8_t* to) {
  switch (column) {
    case 1: std::memcpy(to, from, width); break;
    case -1: copyRow<-1>(from, width, to); break;
    case 3: copyRow<3>(from, width, to); break;
    default: copyRow<-3>(from, width, to);
  }
}

template <int column>
void normaliseRow(const View& image, int y, const float* tables, float* out) {
  const uint8_t *red = image.at(y, 0), *green = image.at(y, 1), *blue = image.at(y, 2);
  for (int x = 0; x < image.width; x++) {
    out[3 * x] = tables[red[x * column]];
    out[3 * x + 1] = tables[256 + green[x * column]];
    out[3 * x + 2] = tables[512 + blue[x * column]];
  }
}

}  // namespace

void transpose(const uint8_t* in, ptrdiff_t inRow, int rows, int columns, uint8_t* out, ptrdiff_t outRow) {
  const int wholeRows = rows - rows % kBlock, wholeColumns = columns - columns % kBlock;
  for (int y = 0; y < wholeRows; y += kBlock) {
    for (int x = 0; x < wholeColumns; x += kBlock) transposeBlock(in + y * inRow + x, inRow, out + x * outRow + y, outRow);
  }
  transposePlain(in + wholeColumns, inRow, wholeRows, columns - wholeColumns, out + wholeColumns * outRow, outRow);
  transposePlain(in + wholeRows * inRow, inRow, rows - wholeRows, columns, out + wholeRows, outRow);
}

void copyPlanes(const View& from, uint8_t* planes) {
  for (int channel = 0; channel < 3; channel++) {
    for (int y = 0; y < from.height; y++, planes += from.width) {
      copyRow(from.at(y, channel), from.column, from.width, planes);
    }
  }
}

View crop(const View& image, int top, int left, int height, int width, Workspace& room) {
  const bool inside = top >= 0 && left >= 0 && top + height <= image.height && left + width <= image.width;
  View cut = image;
  cut.first += top * image.row + left * image.column;
  cut.width = width;
  cut.height = height;
  if (inside) return cut;
  uint8_t* planes = room.next(countBytes(width, height));
  std::memset(planes, 0, countBytes(width, height));
  const int from = std::max(0, left), length = std::min(image.width, left + width) - from;
  if (length > 0) {
    for (int channel = 0; channel < 3; channel++) {
      for (int y = std::max(0, top); y < std::min(image.height, top + height); y++) {
        uint8_t* to = planes + (static_cast<ptrdiff_t>(channel) * height + y - top) * width + from - left;
        copyRow(image.at(y, channel) + from * image.column, image.column, length, to);
      }
    }
  }
  return viewPlanes(planes, width, height);
}

void normalise(const View& image, const float* tables, float* out) {
  for (int y = 0; y < image.height; y++, out += ptrdiff_t{3} * image.width) {
    switch (image.column) {
      case 1: normaliseRow<1>(image, y, tables, out); break;
      case -1: normaliseRow<-1>(image, y, tables, out); break;
      case 3: normaliseRow<3>(image, y, tables, out); break;
      default: normaliseRow<-3>(image, y, tables, out);
    }
  }
}

}  // namespace mocolab::image
