// Python's values as the pickle machine makes them. None is null, bool boolean, int bigint, float
// number, str string, list an array and dict a Map (never an object, so that no key is special).
// The rest are the classes below. Nothing of Python is ever run.

import type { FileBytes } from '../file-bytes.ts';

export class PyTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** collections.OrderedDict: a dict that may have attributes, as a state_dict has `_metadata`. */
export class PyOrderedDict extends Map<unknown, unknown> {
  attributes: ReadonlyMap<unknown, unknown> | undefined;

  setState(state: unknown): boolean {
    if (!(state instanceof Map)) return false;
    this.attributes = state;
    return true;
  }
}

/** bytes: known by their place in the file, read when asked for. */
export class PyBytes {
  readonly length: number;
  readonly read: () => Uint8Array<ArrayBuffer>;

  constructor(length: number, read: () => Uint8Array<ArrayBuffer>) {
    this.length = length;
    this.read = read;
  }

  static inFile(file: FileBytes, position: number, length: number): PyBytes {
    return new PyBytes(length, () => file.read(position, length));
  }
}

/** A class or function of the allow-list: a name, and what we make when it is called. */
export class PyGlobal {
  /** `module.name`. */
  readonly name: string;
  /** Undefined where it is a value, not something to call. For arguments that don't fit: undefined, or a Misfit. */
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** Why the arguments of a call don't fit. */
export class Misfit {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Objects that BUILD may complete. `setState` returns false for a state that doesn't fit. */
export interface Buildable {
  setState(state: unknown): boolean;
}

/** True for what BUILD may complete. */
export function isBuildable(value: unknown): value is Buildable {
  return typeof value === 'object' && value !== null && 'setState' in value;
}

/** What Python calls a value's type, for messages. */
export function nameType(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'list';
  if (value instanceof PyOrderedDict) return 'OrderedDict';
  if (value instanceof Map) return 'dict';
  if (value instanceof Set) return 'set';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PyBytes) return 'bytes';
  if (value instanceof PyGlobal) return value.name;
  const names: { readonly [type: string]: string } = {
    bigint: 'int',
    number: 'float',
    boolean: 'bool',
    string: 'str',
  };
  return names[typeof value] ?? (value as object).constructor.name;
}
