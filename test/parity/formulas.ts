// The closed formulas of test/fixtures/parity/generate/make_golden.py: weights, images, queue and
// permutation of a reference case, rebuilt from their definitions.

import { crc32 } from 'node:zlib';
import type { HostTensor, TensorMap } from '../../src/core/host-tensor.ts';
import type { StateEntry } from '../../src/model/parameter-list.ts';

/** murmur3's 32-bit finaliser. */
function mix(value: number): number {
  let x = value >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b) >>> 0;
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** `noise(key, i)` for i < length, uniform in [-1, 1), in float64. */
export function noise(key: number, length: number): Float64Array {
  const start = mix(key);
  return Float64Array.from({ length }, (_, i) => mix((start + i) >>> 0) / 2 ** 31 - 1);
}

/** The values that `fill(model)` gives to a state_dict's tensors. */
export function fillState(entries: readonly StateEntry[]): TensorMap {
  return new Map(entries.map((entry) => [entry.name, fillTensor(entry)]));
}

function fillTensor({ name, role, torchShape, kind }: StateEntry): HostTensor {
  if (role === 'counter') return { dtype: 'int64', shape: [], values: BigInt64Array.of(0n) };
  const length = torchShape.reduce((a, b) => a * b, 1);
  if (role === 'statistic') {
    return float32(torchShape, new Float64Array(length).fill(name.endsWith('running_var') ? 1 : 0));
  }
  const fanIn = torchShape.slice(1).reduce((a, b) => a * b, 1);
  const w = noise(crc32(name), length);
  if (kind === 'convolution')
    return float32(
      torchShape,
      w.map((v) => Math.sqrt(6 / fanIn) * v),
    );
  if (kind === 'linear')
    return float32(
      torchShape,
      w.map((v) => Math.sqrt(3 / fanIn) * v),
    );
  if (name.includes('fc'))
    return float32(
      torchShape,
      w.map((v) => 0.01 * v),
    );
  return float32(
    torchShape,
    w.map((v) => (name.endsWith('weight') ? 1 + 0.1 * v : 0.1 * v)),
  );
}

function float32(shape: readonly number[], values: Float64Array): HostTensor {
  return { dtype: 'float32', shape, values: Float32Array.from(values) };
}

/** A batch of crops, NHWC; `which` 1 is the query crop, 2 the key crop. */
export function makeImages(
  which: number,
  { step, n, size }: { step: number; n: number; size: number },
): Float32Array {
  const x = noise(1000 * step + which, n * 3 * size * size);
  const pattern = noise(1000 * step + 3, n * 3 * 16);
  const out = new Float32Array(n * size * size * 3);
  for (let image = 0; image < n; image++)
    for (let c = 0; c < 3; c++)
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++) {
          const cell = 4 * Math.floor((4 * row) / size) + Math.floor((4 * column) / size);
          const value =
            x[((image * 3 + c) * size + row) * size + column]! + 2 * pattern[(image * 3 + c) * 16 + cell]!;
          out[((image * size + row) * size + column) * 3 + c] = value;
        }
  return out;
}

/** The queue [dim, K], columns of unit length. */
export function makeQueue(dim: number, K: number): Float32Array {
  const values = noise(7, dim * K).map(Math.fround);
  const norms = Float64Array.from({ length: K }, (_, j) => {
    let squared = 0;
    for (let i = 0; i < dim; i++) squared += values[i * K + j]! ** 2;
    return Math.sqrt(squared);
  });
  return Float32Array.from(values, (value, at) => value / norms[at % K]!);
}

/** idx_shuffle of a step. */
export function makePermutation(n: number, step: number): Int32Array {
  let p = Math.floor(n / 3) + 1;
  while (greatestCommonDivisor(p, n) !== 1) p++;
  return Int32Array.from({ length: n }, (_, j) => (j * p + step) % n);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
