// Matrix products in float64, in tiles of 4 x 4 sums that stay in registers.

/** A matrix, row by row. */
interface Operand {
  readonly values: Float64Array;
  readonly rows: number;
}

/** sum[i, j] += sum over d of a[i, d] b[j, d]. a [m, depth], b [n, depth], sum [m, n] */
export function addProducts(sum: Float64Array, [a, b]: readonly [Operand, Operand], depth: number): void {
  const [m, n] = [a.rows, b.rows];
  const [fullM, fullN] = [m - (m % 4), n - (n % 4)];
  // The larger operand is read once, the smaller stays in cache.
  if (m > n) {
    for (let i = 0; i < fullM; i += 4)
      for (let j = 0; j < fullN; j += 4) addTile(sum, [a.values, b.values], { i, j, n, depth });
  } else {
    for (let j = 0; j < fullN; j += 4)
      for (let i = 0; i < fullM; i += 4) addTile(sum, [a.values, b.values], { i, j, n, depth });
  }
  for (let i = 0; i < m; i++)
    for (let j = i < fullM ? fullN : 0; j < n; j++)
      sum[i * n + j] = sum[i * n + j]! + multiplyRows(a.values, b.values, [i, j, depth]);
}

function multiplyRows(
  a: Float64Array,
  b: Float64Array,
  [i, j, depth]: readonly [number, number, number],
): number {
  let total = 0;
  for (let d = 0, x = i * depth, y = j * depth; d < depth; d++) total += a[x++]! * b[y++]!;
  return total;
}

interface Tile {
  readonly i: number;
  readonly j: number;
  readonly n: number;
  readonly depth: number;
}

/** Rows i to i + 3 of a by rows j to j + 3 of b. */
function addTile(
  sum: Float64Array,
  [a, b]: readonly [Float64Array, Float64Array],
  { i, j, n, depth }: Tile,
): void {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  let [x0, x1, x2, x3] = [i * depth, (i + 1) * depth, (i + 2) * depth, (i + 3) * depth];
  let [y0, y1, y2, y3] = [j * depth, (j + 1) * depth, (j + 2) * depth, (j + 3) * depth];
  for (const end = x0 + depth; x0 < end; ) {
    const [a0, a1, a2, a3] = [a[x0++]!, a[x1++]!, a[x2++]!, a[x3++]!];
    const [b0, b1, b2, b3] = [b[y0++]!, b[y1++]!, b[y2++]!, b[y3++]!];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  addRow(sum, i * n + j, [s00, s01, s02, s03]);
  addRow(sum, (i + 1) * n + j, [s10, s11, s12, s13]);
  addRow(sum, (i + 2) * n + j, [s20, s21, s22, s23]);
  addRow(sum, (i + 3) * n + j, [s30, s31, s32, s33]);
}

function addRow(sum: Float64Array, at: number, values: readonly [number, number, number, number]): void {
  sum[at] = sum[at]! + values[0];
  sum[at + 1] = sum[at + 1]! + values[1];
  sum[at + 2] = sum[at + 2]! + values[2];
  sum[at + 3] = sum[at + 3]! + values[3];
}
