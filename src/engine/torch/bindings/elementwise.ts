// The addon's operations of one form for many names.

import type { Handle } from './handle.ts';

/** One tensor -> one of its shape. */
export interface UnaryOps
  extends Record<
    | 'Abs'
    | 'Acos'
    | 'Acosh'
    | 'Asin'
    | 'Asinh'
    | 'Atan'
    | 'Atanh'
    | 'Ceil'
    | 'ComplexAbs'
    | 'Cos'
    | 'Cosh'
    | 'Elu'
    | 'Erf'
    | 'Exp'
    | 'Expm1'
    | 'Floor'
    | 'Imag'
    | 'IsFinite'
    | 'IsInf'
    | 'IsNan'
    | 'Log'
    | 'Log1p'
    | 'LogicalNot'
    | 'Neg'
    | 'Real'
    | 'Reciprocal'
    | 'Relu'
    | 'Relu6'
    | 'Round'
    | 'Rsqrt'
    | 'Selu'
    | 'Sigmoid'
    | 'Sign'
    | 'Sin'
    | 'Sinh'
    | 'Softplus'
    | 'Sqrt'
    | 'Square'
    | 'Tan'
    | 'Tanh',
    (x: Handle) => Handle
  > {}

/** Two tensors that broadcast. */
export interface BinaryOps
  extends Record<
    | 'Add'
    | 'Atan2'
    | 'BitwiseAnd'
    | 'Equal'
    | 'FloorDiv'
    | 'Greater'
    | 'GreaterEqual'
    | 'Less'
    | 'LessEqual'
    | 'LogicalAnd'
    | 'LogicalOr'
    | 'Maximum'
    | 'Minimum'
    | 'Mod'
    | 'Multiply'
    | 'NotEqual'
    | 'Pow'
    | 'RealDiv'
    | 'SquaredDifference'
    | 'Sub',
    (a: Handle, b: Handle) => Handle
  > {}

/** At least one axis. */
export interface ReductionOps
  extends Record<
    'All' | 'Any' | 'Max' | 'Mean' | 'Min' | 'Prod' | 'Sum',
    (x: Handle, axes: readonly number[], keepDims: boolean) => Handle
  > {}
