// InfoNCE as plain loops in float64: what the engines' are compared with.

interface InfoNceCase {
  readonly n: number;
  readonly c: number;
  /** Keys in the queue. */
  readonly size: number;
  /** [n, c] */
  readonly q: ArrayLike<number>;
  /** [n, c] */
  readonly k: ArrayLike<number>;
  /** [c, size] */
  readonly queue: ArrayLike<number>;
  readonly temperature: number;
}

/** Mean loss, its gradient by q, and per query how many negatives are larger than the positive. */
export function referenceInfoNce({ n, c, size, q, k, queue, temperature }: InfoNceCase) {
  const dq = new Float64Array(n * c);
  const rank: number[] = [];
  let loss = 0;
  for (let row = 0; row < n; row++) {
    const keyAt = (j: number, i: number) => (j === 0 ? k[row * c + i]! : queue[i * size + j - 1]!);
    const logits = Array.from({ length: size + 1 }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < c; i++) sum += q[row * c + i]! * keyAt(j, i);
      return sum / temperature;
    });
    const largest = Math.max(...logits);
    const weights = logits.map((logit) => Math.exp(logit - largest));
    const total = weights.reduce((a, b) => a + b, 0);
    loss += (Math.log(total) + largest - logits[0]!) / n;
    rank.push(logits.filter((logit) => logit > logits[0]!).length);
    for (let i = 0; i < c; i++) {
      const pull = weights.reduce((sum, weight, j) => sum + (weight / total) * keyAt(j, i), 0);
      dq[row * c + i] = (pull - keyAt(0, i)) / temperature / n;
    }
  }
  return { loss, dq, rank };
}
