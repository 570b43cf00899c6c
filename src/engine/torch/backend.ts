// The tfjs backend: data ids that stand for the addon's tensors, counted as tfjs counts them.

import * as tf from '@tensorflow/tfjs-core';
import { dtypeNumber, type TorchAddon } from './binding.ts';
import type { Handle } from './bindings/handle.ts';

interface Entry {
  readonly handle: Handle;
  readonly dtype: tf.DataType;
  references: number;
}

/** Element types that the backend holds. */
const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  bool: Uint8Array,
  complex64: Float32Array,
} as const;
type HeldType = keyof typeof arrays;

export class TorchBackend extends tf.KernelBackend {
  readonly addon: TorchAddon;
  readonly #data: tf.DataStorage<Entry>;
  #next = 0;
  /** Variables that were overwritten since somebody wants to know. */
  #written: Set<tf.Variable> | undefined;

  constructor(addon: TorchAddon) {
    super();
    this.addon = addon;
    this.#data = new tf.DataStorage(this, tf.engine());
  }

  /** The addon's number for a tensor. */
  handleOf({ dataId }: tf.TensorInfo): Handle {
    return this.#entryOf(dataId).handle;
  }

  #entryOf(dataId: tf.DataId): Entry {
    // What is elsewhere comes over from another backend; what is nowhere is no more.
    if (!this.#data.has(dataId) && !tf.engine().state.tensorInfo.has(dataId))
      throw new Error('one of the tensors was disposed');
    return this.#data.get(dataId);
  }

  /** Takes over a tensor that the addon has made. */
  adopt(handle: Handle, shape: readonly number[], dtype: tf.DataType = 'float32'): tf.TensorInfo {
    const dataId = { id: this.#next++ };
    this.#data.set(dataId, { handle, dtype, references: 1 });
    return { dataId, shape: [...shape], dtype };
  }

  /** Whether these tensors alone show their memory, so that it may be overwritten. */
  isUnshared(...tensors: readonly tf.TensorInfo[]): boolean {
    const entries = tensors.map(({ dataId }) => this.#entryOf(dataId));
    const isOnly = entries.every(({ references }) => references === 1);
    return isOnly && this.addon.findShared(entries.map(({ handle }) => handle)).length === 0;
  }

  /** The variables' handles, to be overwritten: what something else shows too is copied first. */
  ownHandles(variables: readonly tf.Variable[]): Handle[] {
    for (const variable of variables) this.#written?.add(variable);
    const entries = variables.map(({ dataId }) => this.#entryOf(dataId));
    const handles = entries.map(({ handle }) => handle);
    const shared = new Set(this.addon.findShared(handles));
    entries.forEach(({ references }, i) => {
      if (references > 1 || shared.has(i)) handles[i] = this.#copy(variables[i]!);
    });
    return handles;
  }

  /** What `body` returns, and the variables that it overwrites in place. */
  watchWrites<Result>(body: () => Result): {
    readonly result: Result;
    readonly written: ReadonlySet<tf.Variable>;
  } {
    const written = new Set<tf.Variable>();
    this.#written = written;
    try {
      return { result: body(), written };
    } finally {
      this.#written = undefined;
    }
  }

  /** Points a variable to a copy of its values. */
  #copy(variable: tf.Variable): Handle {
    const handle = this.addon.Copy(this.handleOf(variable));
    const copy = tf.engine().makeTensorFromTensorInfo(this.adopt(handle, variable.shape, variable.dtype));
    variable.assign(copy);
    copy.dispose();
    return handle;
  }

  /** Gives up a tensor that was just adopted: its handle is the caller's again. */
  release({ dataId }: tf.TensorInfo): Handle {
    const { handle } = this.#entryOf(dataId);
    this.#data.delete(dataId);
    return handle;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = { id: this.#next++ };
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    dtypeNumber(dtype); // Refuses what the addon doesn't hold.
    const ArrayType = arrays[dtype as HeldType];
    const typed = values instanceof ArrayType ? values : ArrayType.from(values as ArrayLike<number>);
    this.#data.set(dataId, { handle: this.addon.fromHost(typed, shape), dtype, references });
  }

  override readSync(dataId: tf.DataId): tf.BackendValues {
    const { handle, dtype } = this.#entryOf(dataId);
    return new arrays[dtype as HeldType](this.addon.toHost(handle));
  }

  override async read(dataId: tf.DataId): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override incRef(dataId: tf.DataId): void {
    this.#entryOf(dataId).references++;
  }

  decRef(dataId: tf.DataId): void {
    if (this.#data.has(dataId)) this.#entryOf(dataId).references--;
  }

  override refCount(dataId: tf.DataId): number {
    return this.#data.has(dataId) ? this.#entryOf(dataId).references : 0;
  }

  /** Frees at once when nobody else holds the data. */
  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.#data.has(dataId)) return true;
    const entry = this.#entryOf(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.addon.drop(entry.handle);
    this.#data.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(run: () => void): Promise<tf.BackendTimingInfo> {
    const start = performance.now();
    run();
    return { kernelMs: performance.now() - start };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {}
}
