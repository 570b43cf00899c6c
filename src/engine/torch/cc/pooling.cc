// Max- and average-pooling over any window. Each pixel of the result gathers what it needs, so threads
// never write to the same place. Max-pooling keeps which tap of each window won, a byte each, with its
// output; its gradient asks for it.

#include <ATen/Parallel.h>

#include <cstring>

#include "bfloat16.h"
#include "ops.h"
#include "pool-loops.h"
#include "wide-pools.h"
#include "window.h"

namespace mocolab {
namespace {

/** Along one axis: what one coordinate of the result meets on the other side, by which tap of the window. */
struct Step {
  int64_t at;
  int32_t tap;
};
using Steps = std::vector<std::vector<Step>>;

/** A window over images of `size`, both ways: which pixels a place holds, and which places hold a pixel. */
struct Walk {
  Pair size;
  Steps pixels[2], places[2];

  Walk(const Window& window, const Pair& imageSize) : size(imageSize) {
    for (int axis = 0; axis < 2; axis++) {
      pixels[axis].resize(window.output[axis]);
      places[axis].resize(size[axis]);
      for (int64_t place = 0; place < window.output[axis]; place++)
        for (int64_t tap = 0; tap < window.kernel[axis]; tap++) {
          const int64_t pixel = place * window.stride[axis] + tap * window.dilation[axis] - window.before[axis];
          if (pixel < 0 || pixel >= size[axis]) continue;
          pixels[axis][place].push_back({pixel, static_cast<int32_t>(tap)});
          places[axis][pixel].push_back({place, static_cast<int32_t>(tap)});
        }
    }
  }

  float shareOf(int64_t placeY, int64_t placeX) const {
    return 1.0f / static_cast<float>(pixels[0][placeY].size() * pixels[1][placeX].size());
  }
};

/**
 * Calls `body(image, pixel, taps)` for every pixel of the result [N, H, W, C], rows in parallel; the same row of one
 * image after another, so that its taps are listed once. `share` gets the coordinates of the pixel and of the tap.
 */
template <typename Share, typename Body>
void eachPixel(const at::Tensor& result, const Steps (&steps)[2], const Pair& source, const Window& window,
               const Share& share, const Body& body) {
  const int64_t images = result.size(0), columns = result.size(2), channels = result.size(3);
  const auto list = [&](int64_t row, int64_t column, Taps& taps) {
    taps.clear();
    for (const Step& y : steps[0][row])
      for (const Step& x : steps[1][column])
        taps.push_back({(y.at * source[1] + x.at) * channels, static_cast<int32_t>(y.tap * window.kernel[1] + x.tap),
                        share(row, column, y.at, x.at)});
  };
  const int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, columns * channels));
  at::parallel_for(0, images * result.size(1), grain, [&](int64_t first, int64_t last) {
    std::vector<Taps> ofRow(columns);
    for (int64_t at = first, listed = -1; at < last; at++) {
      const int64_t row = at / images;
      if (row != listed)
        for (int64_t column = 0; column < columns; column++) list(row, column, ofRow[column]);
      listed = row;
      for (int64_t column = 0; column < columns; column++) body(at % images, row * columns + column, ofRow[column]);
    }
  });
}

float noShare(int64_t, int64_t, int64_t, int64_t) { return 1; }

/** Pooling works on [N, H, W, C]. */
at::Tensor toRows(const at::Tensor& x, const Window& window) { return toImages(x, window).permute({0, 2, 3, 1}); }
at::Tensor fromRows(const at::Tensor& rows, const Window& window) {
  return window.channelsFirst ? rows.permute({0, 3, 1, 2}).contiguous() : rows;
}
at::Tensor newRows(const at::Tensor& like, const Pair& size, at::ScalarType type) {
  return at::empty({like.size(0), size[0], size[1], like.size(3)}, like.options().dtype(type));
}
Pair sizeOf(const at::Tensor& rows) { return {rows.size(1), rows.size(2)}; }

/** Max-pooling of each pixel of y by `loop`. */
template <typename T, typename I, typename Loop>
void largest(const at::Tensor& x, const Window& window, const at::Tensor& y, const at::Tensor& winners,
             const Loop& loop) {
  const Walk walk(window, sizeOf(x));
  const int64_t channels = x.size(3), perX = x.size(1) * x.size(2) * channels, perY = y.size(1) * y.size(2) * channels;
  eachPixel(y, walk.pixels, walk.size, window, noShare, [&](int64_t image, int64_t pixel, const Taps& taps) {
    const int64_t at = image * perY + pixel * channels;
    loop(valuesOf<T>(x) + image * perX, taps, channels, valuesOf<T>(y) + at, valuesOf<I>(winners) + at);
  });
}

/** The gradient of each pixel of dx by `loop`. */
template <typename T, typename I, typename Loop>
void won(const at::Tensor& dy, const at::Tensor& winners, const Window& window, const at::Tensor& dx,
         const Loop& loop) {
  const Walk walk(window, sizeOf(dx));
  const int64_t channels = dx.size(3), perX = dx.size(1) * dx.size(2) * channels;
  const int64_t perY = dy.size(1) * dy.size(2) * channels;
  eachPixel(dx, walk.places, window.output, window, noShare, [&](int64_t image, int64_t pixel, const Taps& taps) {
    loop(valuesOf<T>(dy) + image * perY, valuesOf<I>(winners) + image * perY, taps, channels,
         valuesOf<T>(dx) + image * perX + pixel * channels);
  });
}

/** Sums of `source` into `result`, each tap weighed by one over the pixels of its place. */
template <typename T>
void shares(const at::Tensor& source, const Window& window, const Walk& walk, bool gradient, const at::Tensor& result) {
  const int64_t channels = result.size(3), perSource = source.size(1) * source.size(2) * channels;
  const int64_t perResult = result.size(1) * result.size(2) * channels;
  const auto loop = poolLoops().shares[isBfloat16(source)];
  const auto share = [&](int64_t row, int64_t column, int64_t y, int64_t x) {
    return gradient ? walk.shareOf(y, x) : walk.shareOf(row, column);
  };
  eachPixel(result, gradient ? walk.places : walk.pixels, sizeOf(source), window, share,
            [&](int64_t image, int64_t pixel, const Taps& taps) {
              loop(valuesOf<T>(source) + image * perSource, taps, channels,
                   valuesOf<T>(result) + image * perResult + pixel * channels);
            });
}

/** Winners are bytes where a window has few enough taps, else they are 16 bits wide. */
bool inBytes(const Window& window) { return window.kernel[0] * window.kernel[1] < 255; }

/** Room for the winners of `places`, and behind them the window that they are of. */
at::Tensor newWinners(const Window& window, int64_t places) {
  const int64_t bytes = places * (inBytes(window) ? 1 : 2);
  at::Tensor winners = at::empty({bytes + static_cast<int64_t>(sizeof window)}, at::kByte);
  std::memcpy(valuesOf<char>(winners) + bytes, &window, sizeof window);
  return winners;
}

/** Another window's winners would be other taps. */
bool areOf(const Window& window, const at::Tensor& winners) {
  const char* end = valuesOf<char>(winners) + winners.numel();
  return std::memcmp(end - sizeof window, &window, sizeof window) == 0;
}

/** Of floats T. */
template <typename T>
void largestOf(const at::Tensor& x, const Window& window, const at::Tensor& y, const at::Tensor& winners) {
  if (inBytes(window)) largest<T, uint8_t>(x, window, y, winners, poolLoops().largest[isBfloat16(x)]);
  else largest<T, uint16_t>(x, window, y, winners, wideLargest<T, uint16_t>);
}

template <typename T>
void wonOf(const at::Tensor& dy, const at::Tensor& winners, const Window& window, const at::Tensor& dx) {
  if (inBytes(window)) won<T, uint8_t>(dy, winners, window, dx, poolLoops().won[isBfloat16(dy)]);
  else won<T, uint16_t>(dy, winners, window, dx, wideWon<T>);
}

/** x -> y and winners. */
std::pair<at::Tensor, at::Tensor> pool(const at::Tensor& x, const Window& window) {
  const at::Tensor y = newRows(x, window.output, x.scalar_type());
  const at::Tensor winners = newWinners(window, y.numel());
  switch (x.scalar_type()) {
    case at::kFloat: largestOf<float>(x, window, y, winners); break;
    case at::kBFloat16: largestOf<Bfloat16>(x, window, y, winners); break;
    default:
      if (inBytes(window)) largest<int32_t, uint8_t>(x, window, y, winners, wideLargest<int32_t, uint8_t>);
      else largest<int32_t, uint16_t>(x, window, y, winners, wideLargest<int32_t, uint16_t>);
  }
  return {y, winners};
}

at::Tensor average(const at::Tensor& source, const Window& window, const Pair& imageSize, bool gradient) {
  const Walk walk(window, imageSize);
  const at::Tensor result = newRows(source, gradient ? imageSize : window.output, source.scalar_type());
  const auto compute = source.scalar_type() == at::kFloat ? shares<float> : shares<Bfloat16>;
  compute(source, window, walk, gradient, result);
  return fromRows(result, window);
}

}  // namespace

/** x, window; keeps the winners with the output. */
int32_t MaxPool(const Args& args) {
  const Window window = readWindow(args, 1);
  auto [y, winners] = pool(toRows(args.tensor(0), window), window);
  const int32_t handle = store().put(fromRows(y, window));
  store().attach(handle, std::move(winners));
  return handle;
}

/** dy, x, y, window. A y that is not this window's, such as a copy, has no winners: they are found again. */
at::Tensor MaxPoolGrad(const Args& args) {
  const Window window = readWindow(args, 3);
  const at::Tensor dy = toRows(args.tensor(0), window), x = toRows(args.tensor(1), window);
  const at::Tensor* kept = store().attached(args.handle(2));
  const at::Tensor winners = kept && areOf(window, *kept) ? *kept : pool(x, window).second;
  const at::Tensor dx = newRows(x, sizeOf(x), dy.scalar_type());
  (isBfloat16(dy) ? wonOf<Bfloat16> : wonOf<float>)(dy, winners, window, dx);
  return fromRows(dx, window);
}

/** x, window. */
at::Tensor AvgPool(const Args& args) {
  const Window window = readWindow(args, 1);
  const at::Tensor x = toRows(args.tensor(0), window);
  return average(x, window, sizeOf(x), false);
}

/** dy, window, shape of x. */
at::Tensor AvgPoolGrad(const Args& args) {
  const Window window = readWindow(args, 1);
  const auto shape = args.integers(2);
  const Pair size = window.channelsFirst ? Pair{shape[2], shape[3]} : Pair{shape[1], shape[2]};
  return average(toRows(args.tensor(0), window), window, size, true);
}

}  // namespace mocolab
