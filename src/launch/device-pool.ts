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

/** Devices that can be leased, in their order. */
export interface DevicePool {
  /** The first free device; undefined where all are taken. */
  lease(): Device | undefined;
  /** Throws for a device that nobody has leased: a bug. */
  release(device: Device): void;
}

export function createDevicePool(devices: readonly Device[]): DevicePool {
  const taken = new Set<Device>();
  return {
    lease: () => {
      const free = devices.find((device) => !taken.has(device));
      if (free) taken.add(free);
      return free;
    },
    release: (device) => {
      if (!taken.delete(device)) throw new Error(`Device ${device.name} was not leased.`);
    },
  };
}
