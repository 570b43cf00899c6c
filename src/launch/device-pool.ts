// Devices that a run may use, and who has them. A stage leases all that it needs at once, so that no two
// stages wait for each other's; nobody shares one.

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
  /** The first `count` free devices; undefined where fewer are free. */
  lease(count: number): readonly Device[] | undefined;
  /** Throws for a device that nobody has leased: a bug. */
  release(devices: readonly Device[]): void;
}

export function createDevicePool(devices: readonly Device[]): DevicePool {
  const taken = new Set<Device>();
  return {
    lease: (count) => {
      const free = devices.filter((device) => !taken.has(device)).slice(0, count);
      if (free.length < count) return undefined;
      for (const device of free) taken.add(device);
      return free;
    },
    release: (leased) => {
      for (const device of leased) {
        if (!taken.delete(device)) throw new Error(`Device ${device.name} was not leased.`);
      }
    },
  };
}

/** Devices as one, for a stage whose program spreads over them itself. */
export function joinDevices(devices: readonly Device[]): Device {
  const ids = devices.flatMap(({ cudaId }) => cudaId ?? []);
  return {
    name: devices.map(({ name }) => name).join(', '),
    kind: devices[0]!.kind,
    ...(ids.length > 0 ? { cudaId: ids.join(',') } : {}),
    cores: devices.reduce((sum, { cores }) => sum + cores, 0),
  };
}
