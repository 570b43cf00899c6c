// Every operation. One TypeScript kernel calls one function; the names are the same.

#pragma once

#include "args.h"

namespace mocolab {

#define MOCOLAB_OPS(OP)                                                                            \
  OP(Add) OP(Sub) OP(Multiply) OP(RealDiv) OP(Neg) OP(Relu) OP(Step) OP(Square) OP(Sqrt)          \
  OP(Rsqrt) OP(Exp) OP(Log) OP(Sum) OP(Mean) OP(Max) OP(Reshape) OP(Transpose) OP(Slice)          \
  OP(PadV2) OP(Concat) OP(GatherV2) OP(Cast) OP(Fill) OP(OneHot) OP(MatMul) OP(Conv2D)            \
  OP(Conv2DBackpropInput) OP(Conv2DBackpropFilter) OP(MaxPoolGrad)                                \
  OP(ReluGrad) OP(Spread) OP(Copy) OP(AvgPool) OP(AvgPoolGrad)

/** Operations that give several tensors. */
#define MOCOLAB_MULTI_OPS(OP)                                                                      \
  OP(BatchNorm) OP(BatchNormGrad) OP(SoftmaxCrossEntropy) OP(InfoNce)

/** Operations that overwrite their arguments and give nothing. */
#define MOCOLAB_UPDATES(OP) OP(SgdStep) OP(MomentumUpdate) OP(QueueUpdate) OP(AddInto)

#define DECLARE(name) at::Tensor name(const Args& args);
MOCOLAB_OPS(DECLARE)
#undef DECLARE
#define DECLARE(name) Tensors name(const Args& args);
MOCOLAB_MULTI_OPS(DECLARE)
#undef DECLARE
#define DECLARE(name) void name(const Args& args);
MOCOLAB_UPDATES(DECLARE)
#undef DECLARE

/** The one that keeps something for its gradient, and so needs its own handle. */
int32_t MaxPool(const Args& args);

}  // namespace mocolab
