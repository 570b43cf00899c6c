import { expectWhole } from '../checks.ts';
import type { TorchKernel } from '../kernel.ts';

/** Places drawn by their weights: the same seed gives the same places. */
export const multinomial: TorchKernel = {
  kernelName: 'Multinomial',
  run: ({ inputs, attrs, backend }) => {
    const { logits } = inputs;
    const { numSamples, seed, normalized } = attrs as {
      numSamples: number;
      seed: number;
      normalized: boolean;
    };
    expectWhole('the number of weights', logits!.shape[1], 1);
    const { addon } = backend;
    const given = backend.handleOf(logits!);
    const probabilities = normalized ? given : addon.Softmax(given, 1);
    try {
      // tfjs gives a fraction where no seed was chosen.
      const whole = Number.isInteger(seed) ? seed : Math.floor(seed * Number.MAX_SAFE_INTEGER);
      const handle = addon.Multinomial(probabilities, numSamples, whole);
      return backend.adopt(handle, [logits!.shape[0]!, numSamples], 'int32');
    } finally {
      if (!normalized) addon.drop(probabilities);
    }
  },
};
