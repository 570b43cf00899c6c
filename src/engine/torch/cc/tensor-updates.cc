#include "tensor-updates.h"

#include <torch/version.h>

#include "device.h"
#include "store.h"

#define MOCOLAB_HAS_FUSED_SGD (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

namespace mocolab {
namespace {

std::vector<at::Tensor> inLayoutsOf(const std::vector<at::Tensor>& like, std::vector<at::Tensor> tensors) {
  for (size_t i = 0; i < tensors.size(); i++) tensors[i] = inLayoutOf(like[i], tensors[i]);
  return tensors;
}

}  // namespace

void stepAll(const Updated& all, const SgdSettings& with) {
  if (all.parameters.empty()) return;
  const auto gradients = inLayoutsOf(all.parameters, all.gradients);
  const auto velocities = inLayoutsOf(all.parameters, all.velocities);
#if MOCOLAB_HAS_FUSED_SGD
  at::_fused_sgd_(all.parameters, gradients, velocities, with.weightDecay, with.momentum, with.lr, 0, false, false,
                  false);
#else
  const auto decayed = at::_foreach_add(gradients, all.parameters, with.weightDecay);
  at::_foreach_mul_(velocities, with.momentum);
  at::_foreach_add_(velocities, decayed);
  at::_foreach_add_(all.parameters, velocities, -with.lr);
#endif
  for (size_t i = 0; i < velocities.size(); i++)
    if (!velocities[i].is_same(all.velocities[i])) at::Tensor(all.velocities[i]).copy_(velocities[i]);
}

void moveTowards(const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& targets, double share) {
  if (values.empty()) return;
#if TORCH_VERSION_MAJOR >= 2
  at::_foreach_lerp_(values, inLayoutsOf(values, targets), share);
#else
  at::_foreach_mul_(values, 1 - share);
  at::_foreach_add_(values, inLayoutsOf(values, targets), share);
#endif
}

}  // namespace mocolab
