// The addon beside its operations: tensors in and out, memory, times, and where it computes.

import type { Handle } from './handle.ts';

/** What a function of the addon took. */
export interface OpTime {
  readonly calls: number;
  readonly ms: number;
}

export interface StoreAndDevice {
  /** Copies values in; a Uint8Array makes a bool tensor. */
  fromHost(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Handle;
  toHost(x: Handle): ArrayBuffer;
  /** What a handle really is; for tests. */
  inspect(x: Handle): { readonly shape: number[]; readonly type: string };
  drop(x: Handle): void;
  /**
   * Bytes of live tensors, views counted like the rest; and of their memory: taken from the system, in use
   * now, and in use at most since `startPeak`.
   */
  memory(): {
    readonly tensors: number;
    readonly bytes: number;
    readonly reservedBytes: number;
    readonly liveBytes: number;
    readonly peakBytes: number;
  };
  startPeak(): void;
  /** Places in the list of the handles whose memory another handle shows too: these must not be overwritten. */
  findShared(handles: readonly Handle[]): number[];
  /** `true` counts calls and milliseconds of every function from zero; `false` ends that and tells them. */
  profile(on: true): void;
  profile(on: false): { readonly [name: string]: OpTime };
  setThreads(count: number): void;
  /** On a GPU also its name and the versions of CUDA and cuDNN. */
  describe(): {
    readonly libtorch: string;
    readonly cpu: string;
    readonly threads: number;
    readonly device?: string;
    readonly cuda?: string;
    readonly cudnn?: string;
  };
  /** Why there is no GPU to compute on, as the end of a sentence; empty where there is one. */
  whyNoGpu(): string;
  /** Folder of the sources of kernels for GPUs, and one for what they are compiled to. */
  useKernels(sources: string, cache: string): void;
  /** Before the first tensor. `tf32`: a GPU may round the factors of convolutions and matrix products. */
  start(onGpu: boolean, tf32: boolean): void;
  /** Whether activations are bfloat16 from now on. */
  useBfloat16(wanted: boolean): void;
  /** For tests: the forms of operations that a GPU takes, on the CPU. */
  useComposed(wanted: boolean): void;
  /** For tests: compiles the kernels with an NVRTC; bytes of code, or what is wrong. */
  compile(
    sources: string,
    storage: 'float' | 'bfloat16',
    architecture: string,
    nvrtc: string,
  ): number | string;
}
