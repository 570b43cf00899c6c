// The closed formulas of test/fixtures/parity/generate/make_golden.py: weights, images, queue and
// permutation of a reference case, rebuilt from their definitions.

import { crc32 } from 'node:zlib';
import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { StateEntry } from '../model/parameter-list.ts';

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
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = mix((start + i) >>> 0) / 2 ** 31 - 1;
  return values;
}

/** The values that `fill(model)` gives to a state_dict's tensors. */
export function fillState(entries: readonly StateEntry[]): TensorMap {
  return new Map(entries.map((entry) => [entry.name, fillTensor(entry)]));
}

function fillTensor(entry: StateEntry): HostTensor {
  const { name, role, torchShape: shape } = entry;
  if (role === 'counter') return { dtype: 'int64', shape: [], values: BigInt64Array.of(0n) };
  const length = shape.reduce((a, b) => a * b, 1);
  if (role === 'statistic') {
    const value = name.endsWith('running_var') ? 1 : 0;
    return { dtype: 'float32', shape, values: new Float32Array(length).fill(value) };
  }
  const { offset, scale } = lawOf(entry);
  const values = Float32Array.from(noise(crc32(name), length).map((w) => offset + scale * w));
  return { dtype: 'float32', shape, values };
}

/** A parameter is offset + scale * noise. */
function lawOf({ name, kind, torchShape }: StateEntry): { readonly offset: number; readonly scale: number } {
  const fanIn = torchShape.slice(1).reduce((a, b) => a * b, 1);
  if (kind === 'convolution') return { offset: 0, scale: Math.sqrt(6 / fanIn) };
  if (kind === 'linear') return { offset: 0, scale: Math.sqrt(3 / fanIn) };
  if (name.includes('fc')) return { offset: 0, scale: 0.01 };
  return { offset: name.endsWith('weight') ? 1 : 0, scale: 0.1 };
}

/** A batch of crops, NHWC; `which` 1 is the query crop, 2 the key crop. */
export function makeImages(
  which: number,
  { step, n, size }: { readonly step: number; readonly n: number; readonly size: number },
): Float32Array {
  const x = noise(1000 * step + which, n * 3 * size * size);
  const pattern = noise(1000 * step + 3, n * 3 * 16);
  const out = new Float32Array(n * size * size * 3);
  for (let plane = 0; plane < n * 3; plane++) {
    const [image, c] = [Math.floor(plane / 3), plane % 3];
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const cell = 4 * Math.floor((4 * row) / size) + Math.floor((4 * column) / size);
        const value = x[(plane * size + row) * size + column]! + 2 * pattern[plane * 16 + cell]!;
        out[((image * size + row) * size + column) * 3 + c] = value;
      }
    }
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

/** The image of make_augment_golden.py: smooth plus noise, [H, W, 3] in bytes. */
export function makePhoto(height: number, width: number): Uint8Array {
  const grain = noise(31, height * width * 3);
  return Uint8Array.from(grain, (value, i) => {
    const c = i % 3;
    const x = Math.floor(i / 3) % width;
    const y = Math.floor(i / (3 * width));
    const level = 127 + 80 * Math.sin(0.21 * x + c) + 40 * Math.cos(0.33 * y - 0.5 * c) + 20 * value;
    return Math.max(0, Math.min(255, Math.round(level)));
  });
}

/** Moves every value by one float32 rounding, up or down by the noise of a key, in place. */
export function disturb(values: Float32Array, key: number): void {
  const start = mix(key);
  for (let i = 0; i < values.length; i++) {
    const direction = mix((start + i) >>> 0) & 1 ? 1 : -1;
    values[i] = values[i]! * (1 + direction * 2 ** -23);
  }
}
