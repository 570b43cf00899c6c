// Devices that a run may use, and who has them. A stage leases one device; nobody shares it.

/** One thing a worker process computes on. */
export interface Device {
  /** `cuda:0`, `cpu:1`; unique within a run. */
  readonly name: string;
  readonly kind: 'cuda' | 'cpu';
  /** Index or UUID for CUDA_VISIBLE_DEVICES; absent for CPUs. */
  readonly cudaId?: string;
  /** CPU cores this device's worker may use for computing and loading. */
  readonly cores: number;
}
