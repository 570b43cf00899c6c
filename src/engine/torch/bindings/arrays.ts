// The addon's operations on arrays in general.

import type { Handle } from './handle.ts';

/** One tensor and lists that say where its numbers go. */
type Place = (x: Handle, ...lists: (readonly number[])[]) => Handle;

export interface ArrayOps {
  AddN(parts: readonly Handle[]): Handle;
  ArgMax(x: Handle, axis: number): Handle;
  ArgMin(x: Handle, axis: number): Handle;
  /** Blocks, permutation, shape, then begin and size of the crop. */
  BatchToSpaceND: Place;
  Bincount(x: Handle, weights: Handle, size: number, binary: boolean): Handle;
  ClipByValue(x: Handle, lowest: number, highest: number): Handle;
  Complex(real: Handle, imag: Handle): Handle;
  Cumprod(x: Handle, axis: number, exclusive: boolean, reverse: boolean): Handle;
  Cumsum(x: Handle, axis: number, exclusive: boolean, reverse: boolean): Handle;
  /** Blocks, permutation, shape. */
  DepthToSpace: Place;
  Diag(x: Handle): Handle;
  EluGrad(dy: Handle, y: Handle): Handle;
  FFT(x: Handle): Handle;
  /** `sizes` of the axes that the indices count; `inner`: how many numbers lie behind one place. */
  GatherNd(
    x: Handle,
    indices: Handle,
    sizes: readonly number[],
    inner: number,
    shape: readonly number[],
  ): Handle;
  IFFT(x: Handle): Handle;
  LeakyRelu(x: Handle, alpha: number): Handle;
  LinSpace(start: number, stop: number, count: number): Handle;
  MirrorPad(x: Handle, around: readonly number[], symmetric: boolean): Handle;
  Multinomial(probabilities: Handle, count: number, seed: number): Handle;
  Pack(parts: readonly Handle[], axis: number): Handle;
  Prelu(x: Handle, alpha: Handle): Handle;
  Range(start: number, step: number, count: number, dtype: number): Handle;
  Reverse: Place;
  ScatterNd(
    indices: Handle,
    updates: Handle,
    sizes: readonly number[],
    inner: number,
    shape: readonly number[],
  ): Handle;
  SearchSorted(sorted: Handle, values: Handle, behind: boolean): Handle;
  Select(condition: Handle, x: Handle, y: Handle): Handle;
  /** Padding around, 0, blocks, permutation, shape. */
  SpaceToBatchND(
    x: Handle,
    around: readonly number[],
    padding: 0,
    blocks: readonly number[],
    permutation: readonly number[],
    shape: readonly number[],
  ): Handle;
  SparseToDense(indices: Handle, values: Handle, otherwise: Handle, shape: readonly number[]): Handle;
  Step(x: Handle, alpha: number): Handle;
  /** First place, count and step of each axis. */
  StridedSlice: Place;
  TensorScatterUpdate(
    x: Handle,
    indices: Handle,
    updates: Handle,
    sizes: readonly number[],
    inner: number,
  ): Handle;
  Tile: Place;
  /** -> values, places */
  TopK(x: Handle, k: number): [Handle, Handle];
  /** -> different slices, which of them each slice is */
  Unique(x: Handle, axis: number): [Handle, Handle];
  Unpack(x: Handle, axis: number): Handle[];
  UnsortedSegmentSum(x: Handle, segments: Handle, count: number, shape: readonly number[]): Handle;
  Reshape(x: Handle, shape: readonly number[]): Handle;
  Transpose(x: Handle, permutation: readonly number[]): Handle;
  Slice(x: Handle, begin: readonly number[], size: readonly number[]): Handle;
  /** `around`: before and after of each axis. */
  PadV2(x: Handle, around: readonly number[], value: number): Handle;
  Concat(parts: readonly Handle[], axis: number): Handle;
  /** `sizes`: batch, outer, along the axis, inner, indices of one batch. */
  GatherV2(x: Handle, indices: Handle, sizes: readonly number[], shape: readonly number[]): Handle;
  Cast(x: Handle, dtype: number): Handle;
  Fill(shape: readonly number[], value: number, dtype: number): Handle;
  OneHot(indices: Handle, depth: number, on: number, off: number, dtype: number): Handle;
  Spread(dy: Handle, kept: readonly number[], shape: readonly number[], factor: number): Handle;
  Copy(x: Handle): Handle;
}
