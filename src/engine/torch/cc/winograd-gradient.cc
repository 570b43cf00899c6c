// The gradient of a 3x3 filter by tiles: the 2x2 pixels of dy in the role of the filter, F(3x3, 2x2).

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "product-loops.h"
#include "winograd-loops.h"
#include "winograd-tiles.h"
#include "winograd.h"

namespace mocolab {
namespace {

/** Floats of one number of dy's transformed tiles: what a thread multiplies with all of the images' stays in its cache. */
constexpr int64_t CACHE_FLOATS = 1 << 17, LEAST_TILES = 64, MOST_TILES = 1024;
/** Tiles at a time: their images stay in the first cache. */
constexpr int64_t DEPTH = 192;

/** The transformed tiles that are in hand, and the sums of their products so far. */
struct Hand {
  int64_t inputs, outputs;
  int64_t tiles = std::clamp(CACHE_FLOATS / outputs, LEAST_TILES, MOST_TILES);
  int64_t panels = countPanels(inputs);
  int64_t imagesStep = stepOf(panels * tiles * PANEL), gradientsStep = stepOf(tiles * outputs);
  int64_t sumsStep = stepOf(outputs * inputs);
  at::Tensor memory;

  Hand(const at::Tensor& images, const at::Tensor& dy) : inputs(images.size(1)), outputs(dy.size(1)) {
    memory = at::empty({NUMBERS * (imagesStep + gradientsStep + sumsStep)}, images.options());
  }

  /** [tiles, PANEL] */
  float* images(int64_t number, int64_t panel) const {
    return floatsOf(memory) + number * imagesStep + panel * tiles * PANEL;
  }
  /** [tiles, outputs] */
  float* gradients(int64_t number) const { return images(NUMBERS, 0) + number * gradientsStep; }
  /** [outputs, inputs] */
  float* sums(int64_t number) const { return gradients(NUMBERS) + number * sumsStep; }
};

/** Transforms `count` tiles from `first` on. */
void take(const Tiling& tiling, const Hand& hand, int64_t first, int64_t count, const float* zeros) {
  at::parallel_for(0, count, 16, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float *pixels[16], *given[4];
      findPixels(tiling, first + i, zeros, pixels);
      for (int64_t panel = 0; panel < hand.panels; panel++) {
        winogradLoops().images(pixels, std::min(PANEL, hand.inputs - panel * PANEL),
                               hand.images(0, panel) + i * PANEL, hand.imagesStep);
        for (const float*& pixel : pixels) pixel += pixel == zeros ? 0 : PANEL;
      }
      findResult(tiling, first + i, zeros, given);
      winogradLoops().gradient(given, hand.outputs, hand.gradients(0) + i * hand.outputs, hand.gradientsStep);
    }
  });
}

/** Adds the products of the tiles in hand. */
void multiply(const Hand& hand, int64_t count, bool onTop) {
  // Each piece of the sums is one thread's, and tiles come in their order: the same bits on any number of threads.
  at::parallel_for(0, NUMBERS * hand.panels, 1, [&](int64_t from, int64_t to) {
    for (int64_t at = from; at < to; at++) {
      const int64_t number = at / hand.panels, panel = at % hand.panels;
      for (int64_t first = 0; first < count; first += DEPTH)
        productLoops().multiply(Strided{hand.gradients(number) + first * hand.outputs, 1, hand.outputs},
                                hand.images(number, panel) + first * PANEL, hand.outputs, std::min(DEPTH, count - first),
                                std::min(PANEL, hand.inputs - panel * PANEL), onTop || first > 0,
                                hand.sums(number) + panel * PANEL, hand.inputs, {});
    }
  });
}

}  // namespace

at::Tensor filterGradientOfTiles(const at::Tensor& images, const at::Tensor& dy, const Window& window) {
  const Tiling tiling{images, dy, window.before};
  const Hand hand(images, dy);
  const std::vector<float> zeros(std::max(hand.inputs, hand.outputs));
  for (int64_t first = 0; first < tiling.count(); first += hand.tiles) {
    const int64_t count = std::min(hand.tiles, tiling.count() - first);
    take(tiling, hand, first, count, zeros.data());
    multiply(hand, count, first > 0);
  }
  const at::Tensor gradient =
      at::empty({hand.outputs, hand.inputs, 3, 3}, images.options(), at::MemoryFormat::ChannelsLast);
  at::parallel_for(0, hand.outputs, 1, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
      winogradLoops().taps(hand.sums(0) + i * hand.inputs, hand.sumsStep, hand.inputs,
                           floatsOf(gradient) + i * 9 * hand.inputs, hand.inputs);
  });
  return gradient;
}

}  // namespace mocolab
