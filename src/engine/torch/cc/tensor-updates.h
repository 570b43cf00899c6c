// Updates in place of many tensors at once by ATen, which has a kernel for all of them together on a GPU.

#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace mocolab {

/** Lists in the same order; in each place all three are laid out alike. */
struct Updated {
  std::vector<at::Tensor> parameters, gradients, velocities;
};

struct SgdSettings {
  /** A scalar on the device. */
  at::Tensor lr;
  double momentum, weightDecay;
};

/** v = momentum v + (g + weightDecay p); p -= lr v. */
void stepAll(const Updated& all, const SgdSettings& with);

/** values += share (targets - values); laid out alike. */
void moveTowards(const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& targets, double share);

}  // namespace mocolab
