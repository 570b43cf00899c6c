// Max-pooling over NHWC images, channels as the vector. The place of each maximum in its window is kept as a
// byte with the output; ATen would keep eight. A tie goes to the first place, a NaN wins.

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "half-floats.h"
#include "ops.h"
#include "vector-clones.h"
#include "window.h"

namespace mocolab {
namespace {

/** The part of a window that lies inside the image. */
struct Span {
  int64_t from, to;
};

/** Sizes of a pool: images [N, H, W, C], windows of size [kh, kw], outputs [N, OH, OW, C]. */
struct Pool {
  int64_t n, height, width, channels, kh, kw, rows, columns;
  Window window;

  /** Steps of the window along an axis that fall inside the image. */
  static Span inside(int64_t start, int64_t size, int64_t length) {
    return {std::max<int64_t>(0, -start), std::min(size, length - start)};
  }
  int64_t topOf(int64_t row) const { return row * window.strides[0] - window.top; }
  int64_t leftOf(int64_t column) const { return column * window.strides[1] - window.left; }
};

template <typename T>
MOCOLAB_INLINE void takeLarger(const T* x, uint8_t place, int64_t channels, float* best, uint8_t* places) {
  for (int64_t c = 0; c < channels; c++) {
    const float value = toFloat(x[c]);
    const bool wins = value > best[c] || value != value;
    best[c] = wins ? value : best[c];
    places[c] = wins ? place : places[c];
  }
}

template <typename T>
MOCOLAB_INLINE void addWhere(const T* dy, const uint8_t* places, uint8_t place, int64_t channels, T* dx) {
  for (int64_t c = 0; c < channels; c++) {
    const float gradient = toFloat(dy[c]);
    dx[c] = fromFloat<T>(toFloat(dx[c]) + (places[c] == place ? gradient : 0.0f));
  }
}

VECTOR_CLONES void takeLargerFloat(const float* x, uint8_t place, int64_t c, float* best, uint8_t* places) {
  takeLarger(x, place, c, best, places);
}
VECTOR_CLONES void takeLargerHalf(const Half* x, uint8_t place, int64_t c, float* best, uint8_t* places) {
  takeLarger(x, place, c, best, places);
}
VECTOR_CLONES void addWhereFloat(const float* dy, const uint8_t* places, uint8_t place, int64_t c, float* dx) {
  addWhere(dy, places, place, c, dx);
}
VECTOR_CLONES void addWhereHalf(const Half* dy, const uint8_t* places, uint8_t place, int64_t c, Half* dx) {
  addWhere(dy, places, place, c, dx);
}

inline void takeLargerOf(const float* x, uint8_t place, int64_t c, float* best, uint8_t* places) {
  takeLargerFloat(x, place, c, best, places);
}
inline void takeLargerOf(const Half* x, uint8_t place, int64_t c, float* best, uint8_t* places) {
  takeLargerHalf(x, place, c, best, places);
}
inline void addWhereOf(const float* dy, const uint8_t* places, uint8_t place, int64_t c, float* dx) {
  addWhereFloat(dy, places, place, c, dx);
}
inline void addWhereOf(const Half* dy, const uint8_t* places, uint8_t place, int64_t c, Half* dx) {
  addWhereHalf(dy, places, place, c, dx);
}

/** One row of outputs of one image. */
template <typename T>
void poolRow(const Pool& pool, const T* image, int64_t row, T* y, uint8_t* places) {
  const int64_t top = pool.topOf(row), c = pool.channels;
  const Span down = Pool::inside(top, pool.kh, pool.height);
  std::vector<float> best(c);
  for (int64_t column = 0; column < pool.columns; column++, y += c, places += c) {
    const int64_t left = pool.leftOf(column);
    const Span across = Pool::inside(left, pool.kw, pool.width);
    std::fill(best.begin(), best.end(), -std::numeric_limits<float>::infinity());
    std::memset(places, static_cast<int>(down.from * pool.kw + across.from), c);
    for (int64_t i = down.from; i < down.to; i++)
      for (int64_t j = across.from; j < across.to; j++)
        takeLargerOf(image + ((top + i) * pool.width + left + j) * c, static_cast<uint8_t>(i * pool.kw + j), c,
                     best.data(), places);
    for (int64_t at = 0; at < c; at++) y[at] = fromFloat<T>(best[at]);
  }
}

/** All of one image: its windows overlap, so rows are not for several threads. */
template <typename T>
void spreadImage(const Pool& pool, const T* dy, const uint8_t* places, T* dx) {
  const int64_t c = pool.channels;
  for (int64_t row = 0; row < pool.rows; row++) {
    const int64_t top = pool.topOf(row);
    const Span down = Pool::inside(top, pool.kh, pool.height);
    for (int64_t column = 0; column < pool.columns; column++, dy += c, places += c) {
      const int64_t left = pool.leftOf(column);
      const Span across = Pool::inside(left, pool.kw, pool.width);
      for (int64_t i = down.from; i < down.to; i++)
        for (int64_t j = across.from; j < across.to; j++)
          addWhereOf(dy, places, static_cast<uint8_t>(i * pool.kw + j), c,
                     dx + ((top + i) * pool.width + left + j) * c);
    }
  }
}

template <typename T>
std::pair<at::Tensor, at::Tensor> poolImages(const Pool& pool, const at::Tensor& x) {
  const std::vector<int64_t> shape{pool.n, pool.rows, pool.columns, pool.channels};
  at::Tensor y = at::empty(shape, x.options()), places = at::empty(shape, x.options().dtype(at::kByte));
  const T* images = valuesOf<T>(x);
  const int64_t rowSize = pool.columns * pool.channels;
  at::parallel_for(0, pool.n * pool.rows, 4, [&](int64_t first, int64_t last) {
    for (int64_t at = first; at < last; at++) {
      const T* image = images + at / pool.rows * pool.height * pool.width * pool.channels;
      poolRow(pool, image, at % pool.rows, valuesOf<T>(y) + at * rowSize, places.data_ptr<uint8_t>() + at * rowSize);
    }
  });
  return {y, places};
}

template <typename T>
at::Tensor spreadGradient(const Pool& pool, const at::Tensor& dy, const at::Tensor& places) {
  at::Tensor dx = at::zeros({pool.n, pool.height, pool.width, pool.channels}, dy.options());
  const int64_t out = pool.rows * pool.columns * pool.channels;
  const int64_t in = pool.height * pool.width * pool.channels;
  at::parallel_for(0, pool.n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++)
      spreadImage(pool, valuesOf<T>(dy) + i * out, places.data_ptr<uint8_t>() + i * out, valuesOf<T>(dx) + i * in);
  });
  return dx;
}

std::pair<at::Tensor, at::Tensor> poolAny(const Pool& pool, const at::Tensor& x) {
  return isHalf(x) ? poolImages<Half>(pool, x) : poolImages<float>(pool, x);
}

Pool describe(const at::Tensor& x, const std::vector<int64_t>& size, const Window& window,
              int64_t rows, int64_t columns) {
  if (size[0] * size[1] > 256) throw std::invalid_argument("Windows of more than 256 pixels are not there.");
  return {x.size(0), x.size(1), x.size(2), x.size(3), size[0], size[1], rows, columns, window};
}

}  // namespace

/** x, window size, window, shape of y; keeps the places of the maxima with the output. */
int32_t MaxPool(const Args& args) {
  const at::Tensor x = args.tensor(0).contiguous();
  const auto shape = args.integers(3);
  const auto [y, places] = poolAny(describe(x, args.integers(1), Window(args.integers(2)), shape[1], shape[2]), x);
  const int32_t handle = store().put(y);
  store().attach(handle, places);
  return handle;
}

/** dy, x, y, window size, window. */
at::Tensor MaxPoolGrad(const Args& args) {
  const at::Tensor dy = args.tensor(0).contiguous(), x = args.tensor(1).contiguous();
  const Pool pool = describe(x, args.integers(3), Window(args.integers(4)), dy.size(1), dy.size(2));
  const at::Tensor* kept = store().attached(args.handle(2));
  const at::Tensor places = kept ? *kept : poolAny(pool, x).second;
  return isHalf(dy) ? spreadGradient<Half>(pool, dy, places) : spreadGradient<float>(pool, dy, places);
}

}  // namespace mocolab
