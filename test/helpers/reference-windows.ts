// Convolution and pooling over any window as plain loops in float64: slow, and easy to check by eye.

/** Pairs are [height, width]. What lies below and right of the images is padding too. */
export interface WindowCase {
  /** [N, H, W, C] */
  readonly images: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Padding at top and left. */
  readonly before: readonly [number, number];
  /** Places of the window. */
  readonly output: readonly [number, number];
}

/** Calls `visit(place, pixel, tap)` with indices into [N, OH, OW], [N, H, W] and [kh, kw]. */
function eachTap(given: WindowCase, visit: (place: number, pixel: number, tap: number) => void): void {
  const { images, kernel, stride, dilation, before, output } = given;
  const [n, h, w] = images;
  for (let place = 0; place < n * output[0] * output[1]; place++) {
    const ox = place % output[1];
    const oy = Math.floor(place / output[1]) % output[0];
    const image = Math.floor(place / output[1] / output[0]);
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const y = oy * stride[0] + Math.floor(tap / kernel[1]) * dilation[0] - before[0];
      const x = ox * stride[1] + (tap % kernel[1]) * dilation[1] - before[1];
      if (y >= 0 && x >= 0 && y < h && x < w) visit(place, (image * h + y) * w + x, tap);
    }
  }
}

/** y and the gradients of sum(y * dy), for filters [kh, kw, C / groups, K]. */
export function referenceConvolution(
  given: WindowCase & { readonly filters: number; readonly groups: number },
  { x, filter, dy }: { readonly x: Float32Array; readonly filter: Float32Array; readonly dy: Float32Array },
) {
  const { images, output, filters, groups } = given;
  const channels = images[3];
  const [perIn, perOut] = [channels / groups, filters / groups];
  const y = new Float64Array(images[0] * output[0] * output[1] * filters);
  const [dx, dFilter] = [new Float64Array(x.length), new Float64Array(filter.length)];
  eachTap(given, (place, pixel, tap) => {
    for (let k = 0; k < filters; k++)
      for (let i = 0; i < perIn; i++) {
        const from = pixel * channels + Math.floor(k / perOut) * perIn + i;
        const [to, weight] = [place * filters + k, (tap * perIn + i) * filters + k];
        y[to]! += x[from]! * filter[weight]!;
        dx[from]! += dy[to]! * filter[weight]!;
        dFilter[weight]! += dy[to]! * x[from]!;
      }
  });
  return { y, dx, dFilter };
}

/** Of each window the largest, the first of equals; NaN is passed over. */
export function referenceMaxPool(given: WindowCase, x: ArrayLike<number>, dy: ArrayLike<number>) {
  const channels = given.images[3];
  const y = new Float64Array(dy.length).fill(Number.NEGATIVE_INFINITY);
  const winners = new Int32Array(dy.length).fill(-1);
  eachTap(given, (place, pixel) => {
    for (let c = 0; c < channels; c++) {
      const [to, from] = [place * channels + c, pixel * channels + c];
      if (!(x[from]! > y[to]!)) continue;
      y[to] = x[from]!;
      winners[to] = from;
    }
  });
  const dx = new Float64Array(x.length);
  winners.forEach((from, to) => {
    if (from >= 0) dx[from]! += dy[to]!;
  });
  return { y, dx };
}

/** Means over the pixels that each window holds. */
export function referenceAvgPool(given: WindowCase, x: ArrayLike<number>, dy: ArrayLike<number>) {
  const channels = given.images[3];
  const counts = new Float64Array(dy.length / channels);
  eachTap(given, (place) => {
    counts[place]!++;
  });
  const [y, dx] = [new Float64Array(dy.length), new Float64Array(x.length)];
  eachTap(given, (place, pixel) => {
    for (let c = 0; c < channels; c++) {
      y[place * channels + c]! += x[pixel * channels + c]! / counts[place]!;
      dx[pixel * channels + c]! += dy[place * channels + c]! / counts[place]!;
    }
  });
  return { y, dx };
}
