#include "winograd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "product-loops.h"
#include "winograd-loops.h"
#include "winograd-tiles.h"

namespace mocolab {
namespace {

/** Tiles that a thread has in hand: as many as leave room in its second cache. */
constexpr int64_t MOST_TILES = 96, TILES_AT_ONCE = 12, CACHE_FLOATS = 1 << 18;

int64_t countTiles(int64_t channels) {
  const int64_t fitting = CACHE_FLOATS / (NUMBERS * (channels + PANEL));
  return std::clamp(fitting / TILES_AT_ONCE * TILES_AT_ONCE, TILES_AT_ONCE, MOST_TILES);
}

/** Transformed filters as `multiply` wants them: for each panel of results its NUMBERS matrices [inner, PANEL]. */
struct Factors {
  int64_t inner, results, panels = countPanels(results);
  at::Tensor memory;

  Factors(int64_t inner, int64_t results, const at::Tensor& like)
      : inner(inner), results(results), memory(at::empty({panels * NUMBERS * step()}, like.options())) {}

  int64_t step() const { return stepOf(inner * PANEL); }
  int64_t widthOf(int64_t panel) const { return std::min(PANEL, results - panel * PANEL); }
  float* at(int64_t panel, int64_t number) const { return floatsOf(memory) + (panel * NUMBERS + number) * step(); }
};

/** Filters [K, C, 3, 3], channels last in memory, for results of K channels. */
Factors transformFilters(const at::Tensor& filter) {
  const Factors factors(filter.size(1), filter.size(0), filter);
  const int64_t inner = factors.inner, step = stepOf(PANEL * inner);
  at::parallel_for(0, factors.panels, 1, [&](int64_t first, int64_t last) {
    std::vector<float> lines(NUMBERS * step);
    for (int64_t panel = first; panel < last; panel++) {
      const int64_t width = factors.widthOf(panel);
      for (int64_t i = 0; i < width; i++)
        winogradLoops().filter(floatsOf(filter) + (panel * PANEL + i) * 9 * inner, inner, inner,
                               lines.data() + i * inner, step);
      for (int64_t i = 0; i < NUMBERS; i++)
        productLoops().pack({lines.data() + i * step, 1, inner}, inner, width, factors.at(panel, i));
    }
  });
  return factors;
}

/** The same filters turned by half and with their channels' roles exchanged: for results of C channels. */
Factors transformTurned(const at::Tensor& filter) {
  const Factors factors(filter.size(0), filter.size(1), filter);
  at::parallel_for(0, factors.panels, 1, [&](int64_t first, int64_t last) {
    std::vector<float> turned(9 * PANEL);
    for (int64_t panel = first; panel < last; panel++)
      for (int64_t i = 0; i < factors.inner; i++) {
        const float* taps = floatsOf(filter) + i * 9 * factors.results + panel * PANEL;
        for (int64_t tap = 0; tap < 9; tap++)
          std::copy_n(taps + (8 - tap) * factors.results, factors.widthOf(panel), &turned[tap * PANEL]);
        winogradLoops().filter(turned.data(), PANEL, PANEL, factors.at(panel, 0) + i * PANEL, factors.step());
      }
  });
  return factors;
}

void takeTile(const Tiling& tiling, int64_t tile, const float* zeros, float* out, int64_t step) {
  const float* pixels[16];
  findPixels(tiling, tile, zeros, pixels);
  winogradLoops().images(pixels, tiling.images.size(1), out, step);
}

void giveTile(const Tiling& tiling, int64_t tile, const float* sums, int64_t step, int64_t channel, int64_t width) {
  float nowhere[PANEL];
  float* pixels[4];
  findResult<float>(tiling, tile, nullptr, pixels);
  for (float*& pixel : pixels) pixel = pixel ? pixel + channel : nowhere;
  winogradLoops().result(sums, step, width, pixels);
}

/** images * factors -> result, both [N, channels, H, W] with channels last in memory. */
void convolve(const Tiling& tiling, const Factors& factors) {
  const int64_t inner = factors.inner;
  const int64_t most = countTiles(inner), blocks = divideUp(tiling.count(), most);
  const int64_t takenStep = stepOf(most * inner), sumsStep = stepOf(most * PANEL);
  const int64_t room = NUMBERS * (takenStep + sumsStep);
  const at::Tensor rooms = at::empty({at::get_num_threads(), room}, tiling.images.options());
  const std::vector<float> zeros(inner);
  // Each tile is one thread's, and its sums go along the whole inner axis: the same bits on any number of threads.
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    float* taken = floatsOf(rooms) + at::get_thread_num() * room;
    float* sums = taken + NUMBERS * takenStep;
    for (int64_t block = first; block < last; block++) {
      const int64_t from = block * most, tiles = std::min(most, tiling.count() - from);
      for (int64_t i = 0; i < tiles; i++) takeTile(tiling, from + i, zeros.data(), taken + i * inner, takenStep);
      for (int64_t panel = 0; panel < factors.panels; panel++) {
        for (int64_t i = 0; i < NUMBERS; i++)
          productLoops().multiply(Strided{taken + i * takenStep, inner, 1}, factors.at(panel, i), tiles, inner, PANEL,
                                  false, sums + i * sumsStep, PANEL, {});
        for (int64_t i = 0; i < tiles; i++)
          giveTile(tiling, from + i, sums + i * PANEL, sumsStep, panel * PANEL, factors.widthOf(panel));
      }
    }
  });
}

at::Tensor emptyImages(int64_t count, int64_t channels, const Pair& size, const at::Tensor& like) {
  return at::empty({count, channels, size[0], size[1]}, like.options(), at::MemoryFormat::ChannelsLast);
}

}  // namespace

bool worthWinograd(const at::Tensor& images, const Window& window, int64_t outputs) {
  const bool fits = window.groups == 1 && window.kernel == Pair{3, 3} && window.stride == Pair{1, 1} &&
                    window.dilation == Pair{1, 1};
  const int64_t area = countPlaces(window);
  const int64_t covered = (window.output[0] + 1) / 2 * ((window.output[1] + 1) / 2) * 4;
  return fits && images.is_cpu() && images.scalar_type() == at::kFloat && images.size(1) >= 32 && outputs >= 32 &&
         3 * covered <= 4 * area && images.size(0) * covered >= 512;
}

bool worthWinogradGradient(const at::Tensor& images, const Window& window, int64_t outputs) {
  return countPlaces(window) > 4 && worthWinograd(images, window, outputs);
}

at::Tensor convolveTiles(const at::Tensor& images, const at::Tensor& filter, const Window& window) {
  const at::Tensor result = emptyImages(images.size(0), filter.size(0), window.output, images);
  convolve({images, result, window.before}, transformFilters(filter));
  return result;
}

at::Tensor convolveTilesBack(const at::Tensor& dy, const at::Tensor& filter, const Window& window, const Pair& size) {
  const at::Tensor result = emptyImages(dy.size(0), filter.size(1), size, dy);
  convolve({dy, result, {2 - window.before[0], 2 - window.before[1]}}, transformTurned(filter));
  return result;
}

}  // namespace mocolab
