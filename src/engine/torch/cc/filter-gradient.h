// The gradient of a filter, as a sum over parts of the batch.

#pragma once

#include <ATen/ATen.h>

#include <functional>

namespace mocolab {

/** The gradient that `count` images from `first` on bring. */
using GradientOfPart = std::function<at::Tensor(int64_t first, int64_t count)>;

/**
 * Adds up the gradients of parts of the batch, each computed on one thread. What the parts are depends on sizes alone,
 * and they are added in their order: the same bits on any number of threads, which oneDNN, left to share out a batch
 * itself, does not give.
 *
 * @param places  pixels of the result of one image
 */
at::Tensor addGradientsOfParts(int64_t images, int64_t places, const GradientOfPart& gradientOf);

}  // namespace mocolab
