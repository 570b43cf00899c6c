// Finds, in what a checkpoint's pickle held, the dict that is the network's: the state dict.

import { ProblemError } from '../core/problem.ts';
import { nameType } from './pickle/python-values.ts';
import type { StoredTensor, StoredTensors } from './stored-tensor.ts';

/** Where projects keep it, by keys from the top; the first that holds tensors counts. */
const PLACES: readonly (readonly string[])[] = [
  ['state_dict'], // PyTorch's ImageNet example and with it MoCo; Lightning; MMSelfSup
  ['classy_state_dict', 'base_model', 'model', 'trunk'], // VISSL
  ['model_state_dict'],
  ['model', 'state_dict'],
  ['model'], // Detectron2
  [],
];

export interface StateDict {
  /** Keys from the top. Empty: the file is nothing else. */
  readonly place: readonly string[];
  readonly tensors: StoredTensors;
}

/** Finds it. Throws STATE_DICT_MISSING and STATE_DICT_NOT_A_TENSOR. */
export function findStateDict(content: unknown, file: string): StateDict {
  for (const place of PLACES) {
    const dict = descend(content, place);
    if (dict && [...dict.values()].some(isStoredTensor))
      return { place, tensors: collectTensors(dict, file) };
  }
  throw new ProblemError({
    code: 'STATE_DICT_MISSING',
    message: `Expected ${file} to hold a state dict (names and tensors) but it holds ${describe(content)}.`,
    hint: 'Looked under state_dict, model, model_state_dict and at the top. Save torch.save(model.state_dict(), OUT).',
  });
}

/** True for what any format made of a tensor. */
export function isStoredTensor(value: unknown): value is StoredTensor {
  return (
    typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value && 'read' in value
  );
}

function descend(content: unknown, place: readonly string[]): ReadonlyMap<unknown, unknown> | undefined {
  const found = place.reduce<unknown>(
    (value, key) => (value instanceof Map ? value.get(key) : undefined),
    content,
  );
  return found instanceof Map ? found : undefined;
}

function collectTensors(dict: ReadonlyMap<unknown, unknown>, file: string): StoredTensors {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of dict) {
    if (typeof name === 'string' && isStoredTensor(value)) tensors.set(name, value);
    else throw new ProblemError(reportStranger(name, value, file));
  }
  return tensors;
}

function reportStranger(name: unknown, value: unknown, file: string) {
  const key = typeof name === 'string' ? name.slice(0, 80) : `a key of type ${nameType(name)}`;
  return {
    code: 'STATE_DICT_NOT_A_TENSOR',
    message: `Expected names and tensors alone in the state dict of ${file} but ${key} is a ${nameType(value)}.`,
    hint: 'Save the state dict alone: torch.save(model.state_dict(), OUT).',
  };
}

function describe(content: unknown): string {
  if (!(content instanceof Map)) return `a ${nameType(content)}`;
  const keys = [...content.keys()].map(String);
  return `a dict of ${keys.length} keys: ${keys.slice(0, 6).join(', ').slice(0, 200)}`;
}
