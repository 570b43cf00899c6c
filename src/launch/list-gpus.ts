// The NVIDIA GPUs of this machine, as nvidia-smi lists them and CUDA_VISIBLE_DEVICES narrows them.

import { spawnSync } from 'node:child_process';

export interface Gpu {
  /** As nvidia-smi counts. */
  readonly index: number;
  readonly uuid: string;
  readonly name: string;
  readonly memoryBytes: number;
}

/** All GPUs; none where there is no nvidia-smi or it fails. */
export function listGpus(): Gpu[] {
  const query = ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? parseGpus(stdout) : [];
}

/** Parses nvidia-smi's lines: `0, GPU-8a1b..., NVIDIA H200, 143771`, memory in MiB. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line): Gpu[] => {
    const [index, uuid, name, memory] = line.split(',').map((part) => part.trim());
    if (!/^\d+$/.test(index ?? '') || !uuid || !name) return [];
    return [{ index: Number(index), uuid, name, memoryBytes: Number(memory) * 2 ** 20 }];
  });
}

/**
 * Narrows GPUs as CUDA does: indices or UUIDs (or their beginnings) in order; the first entry that
 * names none of them ends the list, so that `-1` and the empty text hide all. Absent: all.
 */
export function narrowGpus(gpus: readonly Gpu[], visible: string | undefined): readonly Gpu[] {
  if (visible === undefined) return gpus;
  const chosen: Gpu[] = [];
  for (const entry of visible.split(',').map((part) => part.trim())) {
    const gpu = gpus.find(({ index, uuid }) =>
      /^\d+$/.test(entry) ? index === Number(entry) : entry !== '' && uuid.startsWith(entry),
    );
    if (!gpu) break;
    chosen.push(gpu);
  }
  return chosen;
}
