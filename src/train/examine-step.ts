// What a training step's numbers were like, for a step that gave no finite loss: plain statistics of tensors, and
// where the first number is that is none.

import type * as tf from '../engine/tf.ts';

/** Of the finite values; what there is none of is null. */
export interface ValueStatistics {
  readonly count: number;
  /** NaN or infinite. */
  readonly nonFinite: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Euclidean. */
  readonly norm: number;
}

/** A step, looked at before its tensors are gone. */
export interface StepExamination {
  readonly logits: { readonly [name: string]: ValueStatistics };
  /** By parameter, in the network's order. */
  readonly gradients: { readonly [parameter: string]: ValueStatistics };
  /** The first place with a value that is not finite, on the way forward and then back; null where all are finite. */
  readonly firstNonFinite: string | null;
}

/** Adds values up, as many as there are. */
export class ValueSummary {
  #count = 0;
  #finite = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #squares = 0;

  add(value: number): void {
    this.#count++;
    if (!Number.isFinite(value)) return;
    this.#finite++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += value;
    this.#squares += value * value;
  }

  get statistics(): ValueStatistics {
    const of = (value: number) => (this.#finite > 0 ? value : null);
    return {
      count: this.#count,
      nonFinite: this.#count - this.#finite,
      min: of(this.#min),
      max: of(this.#max),
      mean: of(this.#sum / this.#finite),
      norm: Math.sqrt(this.#squares),
    };
  }
}

export function summarise(values: Iterable<number>): ValueStatistics {
  const summary = new ValueSummary();
  for (const value of values) summary.add(value);
  return summary.statistics;
}

export async function summariseTensors(
  tensors: readonly tf.Tensor[],
  names: readonly string[],
): Promise<{ readonly [name: string]: ValueStatistics }> {
  const all: { [name: string]: ValueStatistics } = {};
  for (const [i, tensor] of tensors.entries()) all[names[i]!] = summarise(await tensor.data());
  return all;
}

/** `places` in the order in which a step computes them. */
export function findNonFinite(places: readonly (readonly [string, ValueStatistics])[]): string | null {
  return places.find(([, { nonFinite }]) => nonFinite > 0)?.[0] ?? null;
}
