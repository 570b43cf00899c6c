// The addon's ways to exchange tensors between ranks, with tfjs tensors in and out.

import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { NativeRanks } from '../collectives/native-ranks.ts';
import type { InstalledAddon } from './addon-file.ts';
import type { TorchBackend } from './backend.ts';
import type { Handle } from './bindings/handle.ts';

/** `libtorch`: its folder, beside which pip puts NCCL. */
export function createNativeRanks(
  backend: TorchBackend,
  { libtorch, glooModule }: Pick<InstalledAddon, 'libtorch' | 'glooModule'>,
): NativeRanks {
  const { addon } = backend;
  const libraries = ['libnccl.so.2', path.resolve(libtorch, '../../nvidia/nccl/lib/libnccl.so.2')];
  const adopt = (handle: Handle, { shape, dtype }: Pick<tf.Tensor, 'shape' | 'dtype'>) =>
    tf.engine().makeTensorFromTensorInfo(backend.adopt(handle, shape, dtype));
  const handlesOf = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => backend.handleOf(tensor));
  // The inputs may be disposed meanwhile: what is kept of them are shapes and types.
  const adoptAll = async (
    handles: Promise<Handle[]>,
    like: readonly Pick<tf.Tensor, 'shape' | 'dtype'>[],
  ) => {
    const kinds = like.map(({ shape, dtype }) => ({ shape, dtype }));
    const results = await handles;
    addon.awaitRanks();
    return results.map((handle, i) => adopt(handle, kinds[i]!));
  };
  return {
    transports: addon.describe().device
      ? ['nccl']
      : ['shared memory', ...(glooModule ? ['gloo' as const] : [])],
    prepare: (transport, { rank, ranks, timeoutMs, address }) => {
      if (transport === 'gloo') return addon.prepareGloo(rank, ranks, timeoutMs, glooModule!, address);
      if (transport === 'nccl') return addon.prepareNccl(libraries, rank === 0);
      return rank === 0 ? addon.shareMemory(rank, ranks, timeoutMs) : '';
    },
    connect: (transport, { rank, ranks, timeoutMs }, tickets) => {
      if (transport === 'gloo') addon.connectGloo(tickets);
      else if (transport === 'nccl') addon.connectNccl(rank, ranks, timeoutMs, tickets[0]!);
      else if (rank > 0) addon.openMemory(rank, ranks, timeoutMs, tickets[0]!);
    },
    seal: () => addon.sealMemory(),
    sum: (tensors, factor) => adoptAll(addon.sumOverRanks(handlesOf(tensors), factor), tensors),
    gather: async (tensor, ranks) => {
      const { shape, dtype } = tensor;
      const like = { shape: [shape[0]! * ranks, ...shape.slice(1)], dtype }; // [ranks N, ...]
      return (await adoptAll(addon.gatherOverRanks(backend.handleOf(tensor), ranks), [like]))[0]!;
    },
    broadcast: async (tensors) => {
      const types = [...new Set(tensors.map(({ dtype }) => dtype))];
      const groups = types.map((type) => tensors.filter(({ dtype }) => dtype === type));
      const results = await Promise.all(
        groups.map((group) => adoptAll(addon.broadcastOverRanks(handlesOf(group)), group)),
      );
      const next = types.map(() => 0);
      return tensors.map(({ dtype }) => {
        const group = types.indexOf(dtype);
        return results[group]![next[group]!++]!;
      });
    },
    abort: () => addon.abortRanks(),
    close: () => addon.closeRanks(),
  };
}
