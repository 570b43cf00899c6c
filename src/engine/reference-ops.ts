// The operations of an engine as plain loops in float64: slow, and easy to check by eye.

interface ConvCase {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly k: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly groups: number;
  readonly x: Float32Array;
  readonly filter: Float32Array;
  readonly dy: Float32Array;
}

/** y, and the gradients of sum(y * dy). */
export function referenceConv2d(given: ConvCase) {
  const { n, h, w, c, k, kernel, stride, padding, groups, x, filter, dy } = given;
  const [oh, ow] = [h, w].map((size) => Math.floor((size + 2 * padding - kernel) / stride) + 1) as [
    number,
    number,
  ];
  const [perIn, perOut] = [c / groups, k / groups];
  const y = new Float64Array(n * oh * ow * k);
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  for (let image = 0; image < n; image++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let out = 0; out < k; out++) {
          const at = ((image * oh + oy) * ow + ox) * k + out;
          for (let ky = 0; ky < kernel; ky++)
            for (let kx = 0; kx < kernel; kx++) {
              const [iy, ix] = [oy * stride + ky - padding, ox * stride + kx - padding];
              if (iy < 0 || ix < 0 || iy >= h || ix >= w) continue;
              for (let i = 0; i < perIn; i++) {
                const from = ((image * h + iy) * w + ix) * c + Math.floor(out / perOut) * perIn + i;
                const tap = ((ky * kernel + kx) * perIn + i) * k + out;
                y[at]! += x[from]! * filter[tap]!;
                dx[from]! += dy[at]! * filter[tap]!;
                dFilter[tap]! += dy[at]! * x[from]!;
              }
            }
        }
  return { y, dx, dFilter };
}

interface PoolCase {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly x: Float32Array;
  readonly dy: Float32Array;
}

export function referenceMaxPool({ n, h, w, c, size, stride, padding, x, dy }: PoolCase) {
  const [oh, ow] = [h, w].map((side) => Math.floor((side + 2 * padding - size) / stride) + 1) as [
    number,
    number,
  ];
  const y = new Float64Array(n * oh * ow * c);
  const dx = new Float64Array(x.length);
  for (let at = 0; at < y.length; at++) {
    const channel = at % c;
    const ox = Math.floor(at / c) % ow;
    const oy = Math.floor(at / c / ow) % oh;
    const image = Math.floor(at / c / ow / oh);
    let winner = -1;
    for (let ky = 0; ky < size; ky++)
      for (let kx = 0; kx < size; kx++) {
        const [iy, ix] = [oy * stride + ky - padding, ox * stride + kx - padding];
        if (iy < 0 || ix < 0 || iy >= h || ix >= w) continue;
        const from = ((image * h + iy) * w + ix) * c + channel;
        if (winner < 0 || x[from]! > x[winner]!) winner = from;
      }
    y[at] = x[winner]!;
    dx[winner]! += dy[at]!;
  }
  return { y, dx };
}

interface BatchNormCase {
  readonly rows: number;
  readonly channels: number;
  readonly splits: number;
  readonly relu: boolean;
  readonly x: Float32Array;
  readonly scale: Float32Array;
  readonly offset: Float32Array;
  readonly residual: Float32Array | undefined;
  readonly dy: Float32Array;
}

/** Epsilon 1e-5. The gradient is the chain rule through mean and variance, term by term. */
export function referenceBatchNorm(given: BatchNormCase) {
  const { rows, channels, splits, relu, x, scale, offset, residual, dy } = given;
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const dResidual = new Float64Array(x.length);
  const [dScale, dOffset] = [new Float64Array(channels), new Float64Array(channels)];
  const [means, variances] = [new Float64Array(splits * channels), new Float64Array(splits * channels)];
  const m = rows / splits;
  for (let split = 0; split < splits; split++)
    for (let c = 0; c < channels; c++) {
      const at = Array.from({ length: m }, (_, row) => (split * m + row) * channels + c);
      const mean = at.reduce((sum, i) => sum + x[i]!, 0) / m;
      const variance = at.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / m;
      means[split * channels + c] = mean;
      variances[split * channels + c] = variance;
      const std = Math.sqrt(variance + 1e-5);
      for (const i of at) {
        const before = ((x[i]! - mean) / std) * scale[c]! + offset[c]! + (residual?.[i] ?? 0);
        y[i] = relu ? Math.max(0, before) : before;
        dResidual[i] = relu && before <= 0 ? 0 : dy[i]!;
      }
      const dHat = (i: number) => dResidual[i]! * scale[c]!;
      const dVariance = at.reduce((sum, i) => sum + dHat(i) * (x[i]! - mean) * -0.5 * std ** -3, 0);
      const dMean = at.reduce((sum, i) => sum - dHat(i) / std, 0);
      for (const i of at) {
        dx[i] = dHat(i) / std + (dVariance * 2 * (x[i]! - mean)) / m + dMean / m;
        dScale[c]! += (dResidual[i]! * (x[i]! - mean)) / std;
        dOffset[c]! += dResidual[i]!;
      }
    }
  return { y, mean: means, variance: variances, dx, dScale, dOffset, dResidual };
}
