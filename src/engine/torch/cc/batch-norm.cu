// BatchNorm (+ residual) (+ ReLU) over [splits, rows, channels], channels last. Compiled by NVRTC on the user's
// machine once for float and once for bfloat16 storage. Each thread walks numbers of its own: no shared
// memory, no waiting for each other. Neighbouring threads read neighbouring channels, so memory is read in
// whole lines. Arithmetic is float; sums of chunks are joined in double. Indices have 32 bits, because a GPU divides
// larger ones slowly: nothing has 2^31 numbers.
//
// The including text defines `Number`, `Storage`, `load` and `store`.

/** Sizes of a call. */
struct Sizes {
  Number splits, rows, channels, chunks;
};

/** First and last row of a chunk. */
__device__ inline Number chunkStart(const Sizes& of, Number chunk) {
  return (Number)((unsigned long long)of.rows * chunk / of.chunks);
}

/**
 * Per split, chunk and channel: sums of x - x0 and of its square, where x0 is the channel's first value, so that
 * nothing cancels where the mean is large. One thread for each. Partials: [splits, chunks, 2, channels].
 */
extern "C" __global__ void batchNormMeasure(Sizes of, const Storage* x, float* partials) {
  const Number count = of.splits * of.chunks * of.channels;
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number channel = at % of.channels, part = at / of.channels;
    const Number split = part / of.chunks, chunk = part % of.chunks;
    const Storage* from = x + split * of.rows * of.channels + channel;
    const float first = load(from);
    float sum = 0, squares = 0;
    for (Number row = chunkStart(of, chunk); row < chunkStart(of, chunk + 1); row++) {
      const float value = load(from + row * of.channels) - first;
      sum += value;
      squares += value * value;
    }
    partials[2 * part * of.channels + channel] = sum;
    partials[(2 * part + 1) * of.channels + channel] = squares;
  }
}

/**
 * Many partials to few, so that whoever joins them is not long at it: [splits, chunks, 2, channels] ->
 * [splits, groups, 2, channels]. One thread for each of the result.
 */
extern "C" __global__ void batchNormFold(Sizes of, Number groups, const float* partials, float* folded) {
  const Number width = 2 * of.channels, count = of.splits * groups * width;
  const Sizes chunks = {1, of.chunks, 1, groups};
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number place = at % width, part = at / width;
    const Number split = part / groups, group = part % groups;
    double sum = 0;
    for (Number chunk = chunkStart(chunks, group); chunk < chunkStart(chunks, group + 1); chunk++)
      sum += partials[(split * of.chunks + chunk) * width + place];
    folded[at] = (float)sum;
  }
}

/** Mean and biased variance [splits, channels]. One thread a channel of a split. */
extern "C" __global__ void batchNormJoin(Sizes of, const Storage* x, const float* partials, float* mean,
                                         float* variance) {
  const Number count = of.splits * of.channels;
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number channel = at % of.channels, split = at / of.channels;
    double sum = 0, squares = 0;
    for (Number chunk = 0; chunk < of.chunks; chunk++) {
      const float* part = partials + 2 * (split * of.chunks + chunk) * of.channels + channel;
      sum += part[0];
      squares += part[of.channels];
    }
    const double shifted = sum / of.rows, spread = squares / of.rows - shifted * shifted;
    mean[at] = (float)(load(x + split * of.rows * of.channels + channel) + shifted);
    variance[at] = (float)(spread > 0 ? spread : 0);
  }
}

/** y = (x - mean) / std * scale + offset (+ residual), then ReLU. One thread for several numbers. */
extern "C" __global__ void batchNormApply(Sizes of, const Storage* x, const float* scale, const float* offset,
                                          const float* mean, const float* variance, float epsilon,
                                          const Storage* residual, int relu, Storage* y) {
  const Number count = of.splits * of.rows * of.channels;
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number channel = at % of.channels, split = at / (of.rows * of.channels);
    const Number statistic = split * of.channels + channel;
    const float factor = scale[channel] * rsqrtf(variance[statistic] + epsilon);
    float value = (load(x + at) - mean[statistic]) * factor + offset[channel];
    if (residual) value += load(residual + at);
    store(y + at, relu && value < 0 ? 0.0f : value);
  }
}

/** What a backward pass reads. */
struct Backward {
  const Storage *dy, *x;
  /** For ReLU's mask; null where that follows from x. */
  const Storage* y;
  const float *scale, *offset, *mean, *variance;
  float epsilon;
  int relu;
};

/** dy where ReLU let it through. The mask from x computes what batchNormApply did. */
__device__ inline float gate(const Backward& of, Number at, Number channel, Number statistic) {
  const float gradient = load(of.dy + at);
  if (!of.relu) return gradient;
  if (of.y) return load(of.y + at) > 0 ? gradient : 0.0f;
  const float factor = of.scale[channel] * rsqrtf(of.variance[statistic] + of.epsilon);
  const float value = (load(of.x + at) - of.mean[statistic]) * factor + of.offset[channel];
  return value > 0 ? gradient : 0.0f;
}

/** As batchNormMeasure: sums of g and of g (x - mean). */
extern "C" __global__ void batchNormGradMeasure(Sizes of, Backward from, float* partials) {
  const Number count = of.splits * of.chunks * of.channels;
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number channel = at % of.channels, part = at / of.channels;
    const Number split = part / of.chunks, chunk = part % of.chunks;
    const Number start = split * of.rows * of.channels + channel;
    const Number statistic = split * of.channels + channel;
    const float centre = from.mean[statistic];
    float sum = 0, products = 0;
    for (Number row = chunkStart(of, chunk); row < chunkStart(of, chunk + 1); row++) {
      const Number i = start + row * of.channels;
      const float g = gate(from, i, channel, statistic);
      sum += g;
      products += g * (load(from.x + i) - centre);
    }
    partials[2 * part * of.channels + channel] = sum;
    partials[(2 * part + 1) * of.channels + channel] = products;
  }
}

/**
 * Sums over all splits: dScale and dOffset [channels]; and per split the means of g and of g (x - mean),
 * [splits, 2, channels]. One thread a channel.
 */
extern "C" __global__ void batchNormGradJoin(Sizes of, const float* partials, const float* variance, float epsilon,
                                             float* means, float* dScale, float* dOffset) {
  for (Number channel = FIRST_INDEX; channel < of.channels; channel += INDEX_STEP) {
    double scaleSum = 0, offsetSum = 0;
    for (Number split = 0; split < of.splits; split++) {
      double sum = 0, products = 0;
      for (Number chunk = 0; chunk < of.chunks; chunk++) {
        const float* part = partials + 2 * (split * of.chunks + chunk) * of.channels + channel;
        sum += part[0];
        products += part[of.channels];
      }
      means[2 * split * of.channels + channel] = (float)(sum / of.rows);
      means[(2 * split + 1) * of.channels + channel] = (float)(products / of.rows);
      scaleSum += products * rsqrtf(variance[split * of.channels + channel] + epsilon);
      offsetSum += sum;
    }
    dScale[channel] = (float)scaleSum;
    dOffset[channel] = (float)offsetSum;
  }
}

/** dx = scale / std (g - mean(g) - (x - mean) / var mean(g (x - mean))); and g, unless that is dy itself. */
extern "C" __global__ void batchNormGradApply(Sizes of, Backward from, const float* means, Storage* dx,
                                              Storage* gated) {
  const Number count = of.splits * of.rows * of.channels;
  for (Number at = FIRST_INDEX; at < count; at += INDEX_STEP) {
    const Number channel = at % of.channels, split = at / (of.rows * of.channels);
    const Number statistic = split * of.channels + channel;
    const float inverse = rsqrtf(from.variance[statistic] + from.epsilon);
    const float g = gate(from, at, channel, statistic);
    const float meanG = means[2 * split * of.channels + channel];
    const float meanProduct = means[(2 * split + 1) * of.channels + channel];
    const float centred = load(from.x + at) - from.mean[statistic];
    store(dx + at, from.scale[channel] * inverse * (g - meanG - centred * inverse * inverse * meanProduct));
    if (gated) store(gated + at, g);
  }
}
