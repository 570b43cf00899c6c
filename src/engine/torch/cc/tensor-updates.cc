#include "tensor-updates.h"

#include <torch/version.h>

#define MOCOLAB_HAS_FUSED_SGD (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4))

namespace mocolab {

void stepAll(const Updated& all, const SgdSettings& with) {
  if (all.parameters.empty()) return;
  const auto& [parameters, gradients, velocities] = all;
#if MOCOLAB_HAS_FUSED_SGD
  at::_fused_sgd_(parameters, gradients, velocities, with.weightDecay, with.momentum, with.lr, 0, false, false,
                  false);
#else
  const auto decayed = at::_foreach_add(gradients, parameters, with.weightDecay);
  at::_foreach_mul_(velocities, with.momentum);
  at::_foreach_add_(velocities, decayed);
  for (size_t i = 0; i < parameters.size(); i++) at::Tensor(parameters[i]).addcmul_(velocities[i], with.lr, -1);
#endif
}

void moveTowards(const std::vector<at::Tensor>& values, const std::vector<at::Tensor>& targets, double share) {
  if (values.empty()) return;
#if TORCH_VERSION_MAJOR >= 2
  at::_foreach_lerp_(values, targets, share);
#else
  at::_foreach_mul_(values, 1 - share);
  at::_foreach_add_(values, targets, share);
#endif
}

}  // namespace mocolab
