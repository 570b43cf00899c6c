// Operations that elsewhere are our own loops over the CPU's memory, made of ATen's operations, which run on
// any device. `choose` in addon.cc takes these on a GPU. Arguments and results are those of the loops.

#pragma once

#include "args.h"

namespace mocolab::composed {

/** Of the single-tensor operations. */
#define MOCOLAB_COMPOSED_OPS(OP) OP(MaxPoolGrad) OP(AvgPool) OP(AvgPoolGrad) OP(ReluGrad)
/** Of those that give several tensors. */
#define MOCOLAB_COMPOSED_MULTI_OPS(OP) OP(BatchNorm) OP(BatchNormGrad) OP(SoftmaxCrossEntropy) OP(InfoNce)
/** Of those that overwrite. */
#define MOCOLAB_COMPOSED_UPDATES(OP) OP(SgdStep) OP(MomentumUpdate) OP(QueueUpdate)

#define DECLARE(name) at::Tensor name(const Args& args);
MOCOLAB_COMPOSED_OPS(DECLARE)
#undef DECLARE
#define DECLARE(name) Tensors name(const Args& args);
MOCOLAB_COMPOSED_MULTI_OPS(DECLARE)
#undef DECLARE
#define DECLARE(name) void name(const Args& args);
MOCOLAB_COMPOSED_UPDATES(DECLARE)
#undef DECLARE
int32_t MaxPool(const Args& args);

}  // namespace mocolab::composed
