// Kernels that work number by number.

import type { TorchKernel } from '../kernel.ts';
import { abs } from '../kernels/abs.ts';
import { acos } from '../kernels/acos.ts';
import { acosh } from '../kernels/acosh.ts';
import { add } from '../kernels/add.ts';
import { addN } from '../kernels/add-n.ts';
import { asin } from '../kernels/asin.ts';
import { asinh } from '../kernels/asinh.ts';
import { atan } from '../kernels/atan.ts';
import { atan2 } from '../kernels/atan2.ts';
import { atanh } from '../kernels/atanh.ts';
import { bitwiseAnd } from '../kernels/bitwise-and.ts';
import { cast } from '../kernels/cast.ts';
import { ceil } from '../kernels/ceil.ts';
import { clipByValue } from '../kernels/clip-by-value.ts';
import { cos } from '../kernels/cos.ts';
import { cosh } from '../kernels/cosh.ts';
import { elu } from '../kernels/elu.ts';
import { eluGrad } from '../kernels/elu-grad.ts';
import { equal } from '../kernels/equal.ts';
import { erf } from '../kernels/erf.ts';
import { exp } from '../kernels/exp.ts';
import { expm1 } from '../kernels/expm1.ts';
import { floor } from '../kernels/floor.ts';
import { floorDiv } from '../kernels/floor-div.ts';
import { greater } from '../kernels/greater.ts';
import { greaterEqual } from '../kernels/greater-equal.ts';
import { isFiniteNumber } from '../kernels/is-finite.ts';
import { isInf } from '../kernels/is-inf.ts';
import { isNan } from '../kernels/is-nan.ts';
import { leakyRelu } from '../kernels/leaky-relu.ts';
import { less } from '../kernels/less.ts';
import { lessEqual } from '../kernels/less-equal.ts';
import { log } from '../kernels/log.ts';
import { log1p } from '../kernels/log1p.ts';
import { logicalAnd } from '../kernels/logical-and.ts';
import { logicalNot } from '../kernels/logical-not.ts';
import { logicalOr } from '../kernels/logical-or.ts';
import { maximum } from '../kernels/maximum.ts';
import { minimum } from '../kernels/minimum.ts';
import { mod } from '../kernels/mod.ts';
import { multiply } from '../kernels/multiply.ts';
import { neg } from '../kernels/neg.ts';
import { notEqual } from '../kernels/not-equal.ts';
import { pow } from '../kernels/pow.ts';
import { prelu } from '../kernels/prelu.ts';
import { realDiv } from '../kernels/real-div.ts';
import { reciprocal } from '../kernels/reciprocal.ts';
import { relu } from '../kernels/relu.ts';
import { reluGrad } from '../kernels/relu-grad.ts';
import { relu6 } from '../kernels/relu6.ts';
import { round } from '../kernels/round.ts';
import { rsqrt } from '../kernels/rsqrt.ts';
import { select } from '../kernels/select.ts';
import { selu } from '../kernels/selu.ts';
import { sigmoid } from '../kernels/sigmoid.ts';
import { sign } from '../kernels/sign.ts';
import { sin } from '../kernels/sin.ts';
import { sinh } from '../kernels/sinh.ts';
import { softplus } from '../kernels/softplus.ts';
import { sqrt } from '../kernels/sqrt.ts';
import { square } from '../kernels/square.ts';
import { squaredDifference } from '../kernels/squared-difference.ts';
import { step } from '../kernels/step.ts';
import { sub } from '../kernels/sub.ts';
import { tan } from '../kernels/tan.ts';
import { tanh } from '../kernels/tanh.ts';

export const elementwiseKernels: readonly TorchKernel[] = [
  abs,
  acos,
  acosh,
  add,
  addN,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  bitwiseAnd,
  cast,
  ceil,
  clipByValue,
  cos,
  cosh,
  elu,
  eluGrad,
  equal,
  erf,
  exp,
  expm1,
  floor,
  floorDiv,
  greater,
  greaterEqual,
  isFiniteNumber,
  isInf,
  isNan,
  leakyRelu,
  less,
  lessEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  maximum,
  minimum,
  mod,
  multiply,
  neg,
  notEqual,
  pow,
  prelu,
  realDiv,
  reciprocal,
  relu,
  relu6,
  reluGrad,
  round,
  rsqrt,
  select,
  selu,
  sigmoid,
  sign,
  sin,
  sinh,
  softplus,
  sqrt,
  square,
  squaredDifference,
  step,
  sub,
  tan,
  tanh,
];
