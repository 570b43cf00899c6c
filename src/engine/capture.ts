// A step that is run again and again on tensors of the same shapes. Whatever differs between two runs is one of its
// inputs, so that an engine may record it once and replay it.

import type * as tf from './tf.ts';

export interface NamedTensors {
  readonly [name: string]: tf.Tensor;
}

export interface CapturedStep<Inputs extends NamedTensors, Outputs extends NamedTensors> {
  /**
   * Runs the step. Throws where inputs have other names, shapes or types than at first.
   *
   * @returns the outputs, which the caller disposes
   */
  run(inputs: Inputs): Outputs;
  dispose(): void;
}

/**
 * Makes a step that an engine may record. What is recorded is what the step gives the engine to compute, so
 * everything that differs between runs has to be in `inputs`, or in variables that are updated in place; and the
 * step itself must not look at values.
 */
export type Capture = <Inputs extends NamedTensors, Outputs extends NamedTensors>(
  step: (inputs: Inputs) => Outputs,
) => CapturedStep<Inputs, Outputs>;

/** For engines that have nothing to record, as all have on CPUs: every run is the step as it is. */
export const captureNothing: Capture = (step) => {
  const check = createInputCheck();
  return {
    run: (inputs) => {
      check(inputs);
      return step(inputs);
    },
    dispose: () => {},
  };
};

/** Throws unless inputs are described as those of the first call. */
export function createInputCheck(): (inputs: NamedTensors) => void {
  let first: string | undefined;
  return (inputs) => {
    const given = describe(inputs);
    first ??= given;
    if (given !== first) throw new Error(`a captured step takes ${first}, not ${given}`);
  };
}

function describe(inputs: NamedTensors): string {
  return Object.entries(inputs)
    .map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`)
    .sort()
    .join(', ');
}
