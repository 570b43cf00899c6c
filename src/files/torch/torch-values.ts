// What PyTorch's files hold besides plain values: storages, and the tensors that are views of them.

import { type DtypeName, getDtype } from '../dtypes.ts';
import { PyTuple } from '../pickle/python-values.ts';
import { countElements, type StoredTensor } from '../stored-tensor.ts';

/** Numbers one after another, of which tensors are views. */
export interface TorchStorage {
  readonly dtype: DtypeName;
  /** How many numbers. */
  readonly length: number;
  /** Where it was saved from: `cpu`, `cuda:0`. */
  readonly location: string;
  /** Numbers from one on, as bytes. */
  read(start: number, count: number): Uint8Array<ArrayBuffer>;
}

/** torch.device, as a value. */
export class TorchDevice {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** torch.Size: a tuple that writes itself as one of numbers. */
export class TorchSize extends PyTuple {}

/** PyTorch has no tensors of more axes. */
const MAX_AXES = 64;
/** Numbers that a tensor may repeat beyond those of its storage, as `expand` does. */
const MAX_REPEATED = 2 ** 20;

/** A view of a storage: number [i, j, ...] is the storage's offset + i * strides[0] + j * strides[1] + ... */
export class TorchTensor implements StoredTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(
    storage: TorchStorage,
    view: { offset: number; shape: readonly number[]; strides: readonly number[] },
  ) {
    this.storage = storage;
    this.offset = view.offset;
    this.shape = view.shape;
    this.strides = view.strides;
  }

  get dtype(): DtypeName {
    return this.storage.dtype;
  }

  /** Why such a view can't be; undefined where it can. */
  get flaw(): string | undefined {
    const { shape, strides, offset, storage } = this;
    if (shape.length !== strides.length) return `has ${shape.length} sizes and ${strides.length} strides`;
    if (shape.length > MAX_AXES) return `has ${shape.length} axes`;
    if (![offset, ...shape, ...strides].every((each) => Number.isSafeInteger(each) && each >= 0)) {
      return 'has a negative or endless size';
    }
    const elements = countElements(shape);
    if (elements === 0) return undefined;
    if (offset + this.#reach > storage.length) {
      return `reaches to number ${offset + this.#reach} of ${storage.length}`;
    }
    return elements > Math.max(storage.length, MAX_REPEATED)
      ? `repeats ${storage.length} numbers to ${elements}`
      : undefined;
  }

  read(): Uint8Array<ArrayBuffer> {
    const elements = countElements(this.shape);
    if (elements === 0) return new Uint8Array();
    if (this.#isContiguous) return this.storage.read(this.offset, elements);
    return gather(this.storage.read(this.offset, this.#reach), this, elements);
  }

  /** Numbers of the storage from the first that it uses to the last. */
  get #reach(): number {
    return 1 + this.shape.reduce((sum, size, axis) => sum + (size - 1) * this.strides[axis]!, 0);
  }

  get #isContiguous(): boolean {
    let expected = 1;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const size = this.shape[axis]!;
      if (size !== 1 && this.strides[axis] !== expected) return false;
      expected *= size;
    }
    return true;
  }
}

/** Copies a view's numbers row by row. `bytes` begin at its first number. */
function gather(
  bytes: Uint8Array<ArrayBuffer>,
  { dtype, shape, strides }: TorchTensor,
  elements: number,
): Uint8Array<ArrayBuffer> {
  const width = getDtype(dtype).bytes;
  const result = new Uint8Array(elements * width);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < elements; to++) {
    for (let byte = 0; byte < width; byte++) result[to * width + byte] = bytes[from * width + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
