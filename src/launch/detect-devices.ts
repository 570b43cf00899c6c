// Turns `devices: auto | cpu | cpu:N | cuda | cuda:I,J` into the devices of a run.

import { type Problem, ProblemError } from '../core/problem.ts';
import type { Device } from './device-pool.ts';
import type { Gpu } from './list-gpus.ts';

/** Engines that compute on all cores of their device: for these, a slot that would stand idle is a waste. */
const threadedEngines: ReadonlySet<string> = new Set(['torch', 'tensorflow']);

/** More workers than this want more memory than most machines have to spare. */
const MAX_AUTO_SLOTS = 8;

export interface Machine {
  /** CPU cores that this process may use. */
  readonly cores: number;
  /** GPUs that may be used, CUDA_VISIBLE_DEVICES applied. Asked for only where it matters. */
  readonly listGpus: () => readonly Gpu[];
  /** Engines that compute on a GPU as they are installed here; absent: none. */
  readonly gpuEngines?: readonly string[];
  /** Stages that could run at the same time; absent: any number. */
  readonly sideBySide?: number;
}

/**
 * Lists the devices of a run. `auto` takes the GPUs where one of the run's engines can use them, else a
 * CPU slot for each core: several trainings on a thread each take less time than one after another
 * on all threads. Where an engine uses threads, there are no more slots than stages that run side by side,
 * and these share the cores, so that a single training has them all.
 *
 * Throws DEVICES_NONE, DEVICES_NOT_FOUND and DEVICES_ENGINE.
 *
 * @param engines names of the engines that the stages will use
 */
export function detectDevices(spec: string, engines: readonly string[], machine: Machine): Device[] {
  const [kind, detail] = spec.split(':') as [string, string | undefined];
  const canUseGpu = engines.some((engine) => machine.gpuEngines?.includes(engine));
  if (kind === 'cuda') {
    if (!canUseGpu) throw new ProblemError(reportEngine(spec, engines));
    return useGpus(spec, detail, machine);
  }
  if (kind === 'cpu') return makeSlots(spec, detail === undefined ? 1 : Number(detail), machine.cores);
  const gpus = canUseGpu ? machine.listGpus() : [];
  if (gpus.length > 0) return makeGpuDevices(gpus, machine.cores);
  const isThreaded = engines.some((engine) => threadedEngines.has(engine));
  const useful = isThreaded ? (machine.sideBySide ?? MAX_AUTO_SLOTS) : MAX_AUTO_SLOTS;
  return makeSlots(spec, Math.min(machine.cores, MAX_AUTO_SLOTS, useful), machine.cores);
}

/**
 * The device of one of several ranks that share a machine: the GPU of its number, or the only one that it may see;
 * without GPUs its share of the cores. Throws DEVICES_LOCAL_RANK.
 *
 * @param seen what the rank sees of the machine
 */
export function pickOwnDevice(
  seen: readonly Device[],
  launched: { readonly localRank: number; readonly localRanks: number; readonly cores?: number },
  cores: number,
): Device {
  const { localRank, localRanks } = launched;
  if (seen[0]?.kind === 'cpu') {
    const share = Math.max(1, Math.floor(cores / localRanks));
    return { name: `cpu:${localRank}`, kind: 'cpu', cores: Math.min(cores, launched.cores ?? share) };
  }
  const own = seen.length === 1 ? seen[0] : seen[localRank];
  if (own) return own;
  throw new ProblemError({
    code: 'DEVICES_LOCAL_RANK',
    message: `Expected a GPU for each rank of this machine but LOCAL_RANK is ${localRank} and there are ${seen.length}: ${seen.map(({ name }) => name).join(', ')}.`,
    hint: 'Start as many ranks on a machine as it has GPUs, or show each rank one with CUDA_VISIBLE_DEVICES.',
  });
}

function makeSlots(spec: string, slots: number, cores: number): Device[] {
  if (slots === 0) throw new ProblemError(reportNone(spec));
  return Array.from({ length: slots }, (_, index) => ({
    name: `cpu:${index}`,
    kind: 'cpu',
    cores: Math.max(1, Math.floor(cores / slots)),
  }));
}

function useGpus(spec: string, detail: string | undefined, machine: Machine): Device[] {
  const gpus = machine.listGpus();
  if (gpus.length === 0) throw new ProblemError(reportNone(spec));
  if (detail === undefined) return makeGpuDevices(gpus, machine.cores);
  const wanted = [...new Set(detail.split(',').map(Number))];
  const missing = wanted.filter((index) => index >= gpus.length);
  if (missing.length > 0) throw new ProblemError(reportNotFound(spec, missing, gpus.length));
  return makeGpuDevices(
    wanted.map((index) => gpus[index]!),
    machine.cores,
  );
}

function makeGpuDevices(gpus: readonly Gpu[], cores: number): Device[] {
  return gpus.map(({ uuid }, index) => ({
    name: `cuda:${index}`,
    kind: 'cuda',
    cudaId: uuid,
    cores: Math.max(1, Math.floor(cores / gpus.length)),
  }));
}

function reportNone(spec: string): Problem {
  return {
    code: 'DEVICES_NONE',
    message: `Expected at least one device but ${spec} gives none.`,
    hint: 'Use auto, cpu, cpu:N with N >= 1, or cuda on a machine where nvidia-smi lists a GPU.',
  };
}

function reportNotFound(spec: string, missing: readonly number[], count: number): Problem {
  return {
    code: 'DEVICES_NOT_FOUND',
    message: `Expected ${spec} to name GPUs that are there but there is no ${missing.join(', ')}.`,
    hint: `This process may use ${count}: cuda:0${count > 1 ? ` to cuda:${count - 1}` : ''}, counted after CUDA_VISIBLE_DEVICES.`,
  };
}

function reportEngine(spec: string, engines: readonly string[]): Problem {
  return {
    code: 'DEVICES_ENGINE',
    message: `Expected an engine that computes on a GPU for devices ${spec} but the recipes use ${[...new Set(engines)].join(', ')}.`,
    hint: 'Use --devices auto or cpu:N, or `moco engine install torch` with a libtorch for CUDA. `moco doctor` lists the engines.',
  };
}
