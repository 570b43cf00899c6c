// The bad images that a stage has met, each once: told as they come, bounded by the recipe, and kept for the record.
// Noted batch by batch, as they are trained on and not as loader threads make them, so that a training that goes
// on from a checkpoint knows what one that was never stopped knows.

import { ProblemError } from '../core/problem.ts';
import { type BadImage, type BadImagePolicy, reportTooMany } from '../data/bad-image.ts';

/** More are told by their number alone. */
const TOLD = 10;

export interface BadImagesOptions {
  readonly policy: BadImagePolicy;
  readonly warn: (message: string) => void;
  /** Those of before, where a training goes on. */
  readonly known?: readonly BadImage[] | undefined;
}

export class BadImages {
  readonly #options: BadImagesOptions;
  readonly #met = new Map<number, BadImage>();

  constructor(options: BadImagesOptions) {
    this.#options = options;
    this.note(options.known ?? []);
  }

  /** In the order in which they were met. */
  get list(): readonly BadImage[] {
    return [...this.#met.values()];
  }

  /** What a checkpoint says of them. */
  describe(): { readonly badImages?: readonly BadImage[] } {
    return this.#met.size > 0 ? { badImages: this.list } : {};
  }

  /** Throws DATA_TOO_MANY_BAD_IMAGES. */
  note(bad: readonly BadImage[]): void {
    const { policy, warn } = this.#options;
    for (const each of bad) {
      if (this.#met.has(each.index)) continue;
      this.#met.set(each.index, each);
      if (this.#met.size > policy.maxBadImages) throw new ProblemError(reportTooMany(policy, each.reason));
      if (this.#met.size <= TOLD) warn(describe(each));
      if (this.#met.size === TOLD + 1)
        warn(`More than ${TOLD} training images cannot be read; the record of the stage names all.`);
    }
  }
}

function describe({ index, replacedBy, reason }: BadImage): string {
  return `${reason} Training image ${replacedBy} stands in the place of ${index}, as loader.onBadImage: skip says.`;
}
