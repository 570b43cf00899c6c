// Every operation. One TypeScript kernel calls one function; the names are the same.

#pragma once

#include "args.h"

namespace mocolab {

#define MOCOLAB_OPS(OP)                                                                            \
  OP(Add) OP(Sub) OP(Multiply) OP(RealDiv) OP(Neg) OP(Relu) OP(Step) OP(Square) OP(Sqrt)           \
  OP(Rsqrt) OP(Exp) OP(Log) OP(Sum) OP(Mean) OP(Max) OP(Reshape) OP(Transpose) OP(Slice)           \
  OP(PadV2) OP(Concat) OP(GatherV2) OP(Cast) OP(Fill) OP(OneHot) OP(Conv2D)             \
  OP(Conv2DBackpropInput) OP(Conv2DBackpropFilter) OP(MaxPoolGrad) OP(ReluGrad) OP(Spread)         \
  OP(Copy) OP(AvgPool) OP(AvgPoolGrad) OP(Abs) OP(Acos) OP(Acosh) OP(Asin) OP(Asinh) OP(Atan)      \
  OP(Atanh) OP(Ceil) OP(Cos) OP(Cosh) OP(Elu) OP(EluGrad) OP(Erf) OP(Expm1) OP(Floor)              \
  OP(IsFinite) OP(IsInf) OP(IsNan) OP(Log1p) OP(LogicalNot) OP(Reciprocal) OP(Relu6) OP(Round)     \
  OP(Selu) OP(Sigmoid) OP(Sign) OP(Sin) OP(Sinh) OP(Softplus) OP(Tan) OP(Tanh) OP(ClipByValue)     \
  OP(LeakyRelu) OP(Atan2) OP(BitwiseAnd) OP(Equal) OP(Greater) OP(GreaterEqual) OP(Less)           \
  OP(LessEqual) OP(LogicalAnd) OP(LogicalOr) OP(Maximum) OP(Minimum) OP(NotEqual) OP(FloorDiv)     \
  OP(Mod) OP(Pow) OP(Prelu) OP(SquaredDifference) OP(AddN) OP(Select) OP(Min) OP(Any) OP(All)      \
  OP(Prod) OP(ArgMax) OP(ArgMin) OP(Cumsum) OP(Cumprod) OP(StridedSlice) OP(MirrorPad) OP(Pack)    \
  OP(Tile) OP(Reverse) OP(SpaceToBatchND) OP(BatchToSpaceND) OP(DepthToSpace) OP(Diag) OP(Range)   \
  OP(LinSpace) OP(GatherNd) OP(ScatterNd) OP(TensorScatterUpdate) OP(SparseToDense)                \
  OP(UnsortedSegmentSum) OP(Bincount) OP(SearchSorted) OP(Multinomial) OP(BatchMatMul)             \
  OP(Einsum) OP(Softmax) OP(FusedBatchNorm) OP(LRN) OP(LRNGrad) OP(Complex) OP(ComplexAbs)         \
  OP(Real) OP(Imag) OP(FFT) OP(IFFT) OP(ResizeBilinear) OP(ResizeBilinearGrad)                     \
  OP(ResizeNearestNeighbor) OP(ResizeNearestNeighborGrad) OP(CropAndResize)

/** Operations that give several tensors. */
#define MOCOLAB_MULTI_OPS(OP)                                                                      \
  OP(BatchNorm) OP(BatchNormGrad) OP(SoftmaxCrossEntropy) OP(InfoNce) OP(Unpack) OP(TopK)          \
  OP(Unique)

/** Operations that overwrite their arguments and give nothing. */
#define MOCOLAB_UPDATES(OP) OP(SgdStep) OP(MomentumUpdate) OP(QueueUpdate) OP(AddInto) OP(CopyInto)

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
