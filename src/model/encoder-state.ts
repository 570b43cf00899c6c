// The variables of an encoder, by name, and their way in and out as PyTorch's tensors.

import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { ProblemError } from '../core/problem.ts';
import * as tf from '../engine/tf.ts';
import type { BatchNormState } from './batch-norm.ts';
import type { StateEntry } from './parameter-list.ts';
import { shapeFromTorch, valuesFromTorch, valuesToTorch } from './torch-layout.ts';

/** Variables by torchvision's names. */
export interface EncoderState {
  readonly parameters: readonly tf.Variable[];
  readonly parameterNames: readonly string[];
  variable(name: string): tf.Variable;
  norm(name: string): BatchNormState;
  countBatches(count: number): void;
  toTensors(): Promise<TensorMap>;
  loadTensors(tensors: TensorMap): void;
  dispose(): void;
}

/** What an encoder's variables start from: the tensor of that name where there is one to copy, else what is drawn. */
export interface StartState {
  readonly copied: ReadonlyMap<string, tf.Tensor>;
  draw(entry: StateEntry): HostTensor;
}

/** Makes the variables of `entries`. */
export function createEncoderState(entries: readonly StateEntry[], start: StartState): EncoderState {
  const variables = createVariables(entries, start);
  const norms = createNorms(entries, variables);
  const trained = entries.filter(({ role }) => role === 'parameter');
  const variable = (name: string) => variables.get(name)!;
  return {
    parameters: trained.map(({ name }) => variable(name)),
    parameterNames: trained.map(({ name }) => name),
    variable,
    norm: (name) => norms.get(name)!,
    countBatches: (count) => {
      for (const norm of norms.values()) norm.batchesTracked += count;
    },
    toTensors: async () => {
      const tensors = new Map<string, HostTensor>();
      for (const entry of entries) tensors.set(entry.name, await readEntry(entry, variables, norms));
      return tensors;
    },
    loadTensors: (tensors) => {
      refuseMismatch(entries, tensors);
      for (const entry of entries) writeEntry(entry, tensors.get(entry.name)!, { variables, norms });
    },
    dispose: () => tf.dispose([...variables.values()]),
  };
}

type Variables = ReadonlyMap<string, tf.Variable>;
type Norms = ReadonlyMap<string, BatchNormState>;

/** Values are drawn one tensor at a time: a whole network of them beside the engine's own is memory for nothing. */
function createVariables(entries: readonly StateEntry[], { copied, draw }: StartState): Variables {
  const tensors = entries.filter(({ role }) => role !== 'counter');
  return new Map(
    tensors.map((entry) => {
      const variable = tf.tidy(() => {
        const source = copied.get(entry.name);
        const value = source ? tf.mul(source, 1) : toTensor(entry, draw(entry)); // In memory of its own.
        return tf.variable(value, entry.role === 'parameter');
      });
      return [entry.name, variable];
    }),
  );
}

function createNorms(entries: readonly StateEntry[], variables: Variables): Norms {
  const counters = entries.filter(({ role }) => role === 'counter');
  return new Map(
    counters.map(({ name }) => {
      const norm = name.slice(0, name.lastIndexOf('.'));
      const of = (suffix: string) => variables.get(`${norm}.${suffix}`)!;
      const state: BatchNormState = {
        scale: of('weight'),
        offset: of('bias'),
        runningMean: of('running_mean'),
        runningVariance: of('running_var'),
        batchesTracked: 0,
      };
      return [norm, state];
    }),
  );
}

async function readEntry(entry: StateEntry, variables: Variables, norms: Norms): Promise<HostTensor> {
  if (entry.role === 'counter') {
    const { batchesTracked } = norms.get(entry.name.slice(0, entry.name.lastIndexOf('.')))!;
    return { dtype: 'int64', shape: [], values: BigInt64Array.of(BigInt(batchesTracked)) };
  }
  const variable = variables.get(entry.name)!;
  const values = (await variable.data()) as Float32Array;
  return {
    dtype: 'float32',
    shape: entry.torchShape,
    values: valuesToTorch(values, variable.shape, entry.kind),
  };
}

function writeEntry(
  entry: StateEntry,
  tensor: HostTensor,
  { variables, norms }: { readonly variables: Variables; readonly norms: Norms },
): void {
  if (entry.role === 'counter') {
    norms.get(entry.name.slice(0, entry.name.lastIndexOf('.')))!.batchesTracked = Number(tensor.values[0]);
    return;
  }
  tf.tidy(() => variables.get(entry.name)!.assign(toTensor(entry, tensor)));
}

function toTensor({ kind, torchShape }: StateEntry, tensor: HostTensor): tf.Tensor {
  const values = valuesFromTorch(tensor.values as Float32Array, torchShape, kind);
  return tf.tensor(values, shapeFromTorch(torchShape, kind));
}

/** Throws MODEL_STATE_MISMATCH unless names, shapes and types are exactly those of `entries`. */
export function refuseMismatch(entries: readonly StateEntry[], tensors: TensorMap): void {
  const expected = new Map(entries.map((entry) => [entry.name, entry]));
  const missing = entries.filter(({ name }) => !tensors.has(name)).map(({ name }) => name);
  const unexpected = [...tensors.keys()].filter((name) => !expected.has(name));
  const misshapen = entries
    .filter(({ name, role, torchShape }) => {
      const tensor = tensors.get(name);
      const dtype = role === 'counter' ? 'int64' : 'float32';
      return tensor && (tensor.shape.join() !== torchShape.join() || tensor.dtype !== dtype);
    })
    .map(({ name, torchShape }) => `${name} [${torchShape}] but found [${tensors.get(name)!.shape}]`);
  if (missing.length + unexpected.length + misshapen.length === 0) return;
  const parts = [
    describe('missing', missing),
    describe('unexpected', unexpected),
    describe('of another shape', misshapen),
  ];
  throw new ProblemError({
    code: 'MODEL_STATE_MISMATCH',
    message: `Expected the tensors of this model but found ${parts.filter((part) => part !== '').join('; ')}.`,
    hint: 'The arch, stem, width and head in the config must be those of the checkpoint.',
  });
}

function describe(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 5).join(', ');
  return `${names.length} ${what}: ${shown}${names.length > 5 ? ', ...' : ''}`;
}
