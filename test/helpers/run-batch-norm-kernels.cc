// Runs the kernels of batch-norm.cu as plain C++ on the numbers of standard input, and prints what they give.
// Input: splits rows channels chunks groups (of chunks; 0: none) relu residual?, then x, scale, offset, residual (if any), dy.
// Output, a line each: y, mean, variance, dx, dScale, dOffset, gated.

#include "cuda-shim.h"
#include "indices-gpu.cuh"
#include STORAGE
#include "batch-norm.cu"

#include <cstdio>
#include <iostream>
#include <vector>

static std::vector<float> readFloats(long long count) {
  std::vector<float> values(count);
  for (float& value : values) std::cin >> value;
  return values;
}

static std::vector<Storage> readStored(long long count) {
  const std::vector<float> values = readFloats(count);
  std::vector<Storage> stored(count);
  for (long long i = 0; i < count; i++) store(&stored[i], values[i]);
  return stored;
}

static void print(const std::vector<float>& values) {
  for (float value : values) std::printf("%.9g ", value);
  std::printf("\n");
}

static void printStored(const std::vector<Storage>& stored) {
  std::vector<float> values;
  for (const Storage& each : stored) values.push_back(load(&each));
  print(values);
}

/** Folds the partials, if groups are given; how many there are then. */
static Sizes fold(Sizes of, Number groups, std::vector<float>& partials) {
  if (groups == 0) return of;
  std::vector<float> folded(2 * of.splits * groups * of.channels);
  launch(batchNormFold, 2, 3, of, groups, partials.data(), folded.data());
  partials = folded;
  of.chunks = groups;
  return of;
}

int main() {
  Sizes of;
  Number groups;
  int relu, hasResidual;
  std::cin >> of.splits >> of.rows >> of.channels >> of.chunks >> groups >> relu >> hasResidual;
  const long long count = of.splits * of.rows * of.channels, statistics = of.splits * of.channels;
  const auto x = readStored(count);
  const auto scale = readFloats(of.channels), offset = readFloats(of.channels);
  const auto residual = readStored(hasResidual ? count : 0);
  const auto dy = readStored(count);
  const Storage* extra = hasResidual ? residual.data() : nullptr;
  const float epsilon = 1e-5f;

  std::vector<float> partials(2 * of.chunks * statistics), mean(statistics), variance(statistics);
  std::vector<Storage> y(count), dx(count), gated(count);
  // Fewer threads than numbers, so that each walks several.
  launch(batchNormMeasure, 2, 3, of, x.data(), partials.data());
  const Sizes joined = fold(of, groups, partials);
  launch(batchNormJoin, 2, 3, joined, x.data(), partials.data(), mean.data(), variance.data());
  launch(batchNormApply, 2, 3, of, x.data(), scale.data(), offset.data(), mean.data(), variance.data(), epsilon, extra,
         relu, y.data());

  partials.resize(2 * of.chunks * statistics);
  std::vector<float> means(2 * statistics), dScale(of.channels), dOffset(of.channels);
  const Backward from{dy.data(),   x.data(),        hasResidual ? y.data() : nullptr, scale.data(), offset.data(),
                      mean.data(), variance.data(), epsilon,                          relu};
  launch(batchNormGradMeasure, 2, 3, of, from, partials.data());
  fold(of, groups, partials);
  launch(batchNormGradJoin, 2, 3, joined, partials.data(), variance.data(), epsilon, means.data(), dScale.data(),
         dOffset.data());
  launch(batchNormGradApply, 2, 3, of, from, means.data(), dx.data(), gated.data());

  printStored(y);
  print(mean);
  print(variance);
  printStored(dx);
  print(dScale);
  print(dOffset);
  printStored(gated);
}
