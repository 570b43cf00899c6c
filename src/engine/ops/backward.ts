// The backward pass over the tape of tfjs, for steps that fill the memory: what a node has saved, and the
// gradient that came into it, are free as soon as the node is done. tfjs's own keeps both to the end.
// First derivatives only.

import * as tf from '@tensorflow/tfjs-core';
import type { EngineOps } from '../engine.ts';

/** Sum of two gradients; takes over both. */
export type Accumulate = (sum: tf.Tensor, term: tf.Tensor) => tf.Tensor;

type Tape = ReturnType<typeof tf.engine>['state']['activeTape'];
type TapeNode = Tape[number];

let spent: readonly (tf.Tensor | undefined)[] = [];

/** Whether the backward pass frees `tensor` after the gradient function that runs now: it may be overwritten. */
export function isSpent(tensor: tf.Tensor): boolean {
  return spent.includes(tensor);
}

/** Reverse-mode gradients. A parameter that the loss does not reach gets zeros. */
export function createComputeGradients(accumulate: Accumulate): EngineOps['computeGradients'] {
  return (loss, parameters, onGradient = () => {}) => {
    const { value, tape } = record(loss);
    try {
      const gradients = tf.tidy(() => {
        const byId = walkBack(tape, { loss: value, parameters, accumulate, onGradient });
        return parameters.map((parameter, i) => {
          const found = byId.get(parameter.id);
          if (found) return found;
          const zeros = tf.zerosLike(parameter as tf.Tensor);
          onGradient(i, zeros);
          return zeros;
        });
      });
      return { loss: value, gradients };
    } finally {
      for (const node of tape) free(node);
    }
  };
}

/** Sums by a new tensor: what every backend can do. */
export const addTensors: Accumulate = (sum, term) => {
  const total = tf.add(sum, term);
  tf.dispose([sum, term]);
  return total;
};

function record(loss: () => tf.Scalar): { readonly value: tf.Scalar; readonly tape: Tape } {
  const engine = tf.engine();
  const recorder = engine as unknown as { startTape(): void; endTape(): void };
  if (engine.state.gradientDepth > 0) throw new Error('Gradients of gradients are not there.');
  recorder.startTape();
  try {
    return { value: tf.tidy(loss), tape: engine.state.activeTape };
  } catch (error) {
    for (const node of engine.state.activeTape) free(node);
    throw error;
  } finally {
    recorder.endTape();
    engine.state.activeTape = null as unknown as Tape;
  }
}

interface Walk {
  readonly loss: tf.Tensor;
  readonly parameters: readonly tf.Variable[];
  readonly accumulate: Accumulate;
  readonly onGradient: (index: number, gradient: tf.Tensor) => void;
}

/** Empties the tape from its end. Returns the gradients of the parameters by their ids. */
function walkBack(tape: Tape, { loss, parameters, accumulate, onGradient }: Walk): Map<number, tf.Tensor> {
  const reached = markReached(tape, parameters);
  const finalAt = findFirstUses(tape, parameters);
  for (const node of tape) if (!node.outputs.some(({ id }) => reached.has(id))) free(node);
  const gradients = new Map([[loss.id, tf.fill(loss.shape, 1)]]);
  for (let node = tape.pop(); node; node = tape.pop()) {
    const dys = node.outputs.map(({ id }) => gradients.get(id));
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => reached.has(id));
    if (inputs.length > 0 && dys.some(Boolean)) {
      const terms = differentiate(node, dys, inputs);
      inputs.forEach(([, { id }], i) => {
        const sum = gradients.get(id);
        gradients.set(id, sum ? accumulate(sum, terms[i]!) : terms[i]!);
      });
    }
    for (const { id } of node.outputs) {
      gradients.get(id)?.dispose();
      gradients.delete(id);
    }
    free(node);
    for (const index of finalAt.get(tape.length) ?? []) {
      const gradient = gradients.get(parameters[index]!.id);
      if (gradient) onGradient(index, gradient);
    }
  }
  return gradients;
}

/** By the place of a node, the parameters that no node before it uses: their gradients are whole when it is done. */
function findFirstUses(tape: Tape, parameters: readonly tf.Variable[]): Map<number, number[]> {
  const indices = new Map(parameters.map(({ id }, index) => [id, index]));
  const found = new Map<number, number[]>();
  for (const [at, { inputs }] of tape.entries()) {
    for (const { id } of Object.values(inputs)) {
      const index = indices.get(id);
      if (index === undefined) continue;
      indices.delete(id);
      found.set(at, [...(found.get(at) ?? []), index]);
    }
  }
  return found;
}

/** Ids of the tensors that depend on a parameter, and of the parameters. */
function markReached(tape: Tape, parameters: readonly tf.Variable[]): Set<number> {
  const reached = new Set(parameters.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => reached.has(id)))
      for (const { id } of outputs) reached.add(id);
  }
  return reached;
}

/** The gradients of a node by the inputs that are asked for; each a tensor of its own. */
function differentiate(
  { kernelName, gradient, saved = [] }: TapeNode,
  dys: readonly (tf.Tensor | undefined)[],
  inputs: readonly (readonly [string, tf.Tensor])[],
): tf.Tensor[] {
  if (!gradient) throw new Error(`${kernelName} has no gradient.`);
  spent = [...dys, ...saved];
  try {
    return tf.tidy(() => {
      const byInput = gradient(dys as tf.Tensor[]);
      const own: tf.Tensor[] = [];
      for (const [name] of inputs) {
        const term = byInput[name]?.();
        if (!term) throw new Error(`${kernelName} has no gradient by its input ${name}.`);
        own.push(spent.includes(term) || own.includes(term) ? tf.clone(term) : term);
      }
      return own;
    });
  } finally {
    spent = [];
  }
}

function free({ saved = [] }: TapeNode): void {
  for (const tensor of saved) tensor.dispose();
}
