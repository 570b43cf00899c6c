// Between PyTorch's layouts and TensorFlow's. Convolution filters: OIHW there, HWIO here; linear
// weights: [out, in] there, [in, out] here; vectors are the same. Files hold PyTorch's.

/** What a parameter is, and so how its axes are ordered. */
export type ParameterKind = 'convolution' | 'linear' | 'vector';

/** Axis i of our layout is axis `axesFromTorch[kind][i]` of PyTorch's. */
const axesFromTorch: { readonly [Kind in ParameterKind]: readonly number[] } = {
  convolution: [2, 3, 1, 0], // OIHW -> HWIO
  linear: [1, 0],
  vector: [0],
};

/** The shape here of a tensor of PyTorch's shape. */
export function shapeFromTorch(shape: readonly number[], kind: ParameterKind): number[] {
  return axesFromTorch[kind].map((axis) => shape[axis]!);
}

/** Reorders values from PyTorch's layout to ours. `shape` is PyTorch's. */
export function valuesFromTorch(
  values: Float32Array,
  shape: readonly number[],
  kind: ParameterKind,
): Float32Array {
  return kind === 'vector' ? values.slice() : permute(values, shape, axesFromTorch[kind]);
}

/** Reorders values from our layout to PyTorch's. `shape` is ours. */
export function valuesToTorch(
  values: Float32Array,
  shape: readonly number[],
  kind: ParameterKind,
): Float32Array {
  if (kind === 'vector') return values.slice();
  const axes = axesFromTorch[kind];
  return permute(
    values,
    shape,
    shape.map((_, torchAxis) => axes.indexOf(torchAxis)),
  );
}

/** Axis i of the result is axis `axes[i]` of the input. */
function permute(values: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = stridesOf(shape);
  const outShape = axes.map((axis) => shape[axis]!);
  const outStrides = axes.map((axis) => strides[axis]!);
  const out = new Float32Array(values.length);
  const index = new Array<number>(axes.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from]!;
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      from += outStrides[axis]!;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < outShape[axis]!) break;
      from -= outStrides[axis]! * outShape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}
