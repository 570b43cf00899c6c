// Which devices a run has, and whether they are enough for its stages.

import os from 'node:os';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { collectProblems, type Problem, ProblemError } from '../core/problem.ts';
import type { LaunchedRank } from '../engine/collectives/rendezvous/rendezvous.ts';
import { findTensorflowPackages, isForGpus } from '../engine/tensorflow/find-package.ts';
import { examineAddon, listGpuEngines } from '../engine/torch/addon-file.ts';
import { detectDevices, pickOwnDevice } from '../launch/detect-devices.ts';
import type { Device } from '../launch/device-pool.ts';
import { listGpus, narrowGpus } from '../launch/list-gpus.ts';
import { countSideBySide } from '../plan/count-side-by-side.ts';
import type { PlanView } from '../plan/plan-view.ts';
import type { StageGraph } from '../plan/stage-graph.ts';

/** The devices that an experiment names, on this machine. Throws DEVICES_* problems. */
export function chooseDevices(graph: StageGraph, spec = graph.experiment.launch.devices): Device[] {
  return detectDevices(spec, listEngines(graph.experiment), {
    cores: os.availableParallelism(),
    listGpus: () => narrowGpus(listGpus(), process.env.CUDA_VISIBLE_DEVICES),
    gpuEngines: listAllGpuEngines(),
    sideBySide: countSideBySide(graph),
  });
}

/** The device of a rank that another launcher has started. Throws DEVICES_* problems. */
export function chooseLaunchedDevice(graph: StageGraph, launched: LaunchedRank): Device {
  const { devices: spec } = graph.experiment.launch;
  const seen = chooseDevices(graph, spec.startsWith('cpu') ? 'cpu' : spec);
  return pickOwnDevice(seen, launched, os.availableParallelism());
}

/** Engines that compute on a GPU as they are installed here. */
export function listAllGpuEngines(): string[] {
  return [...listGpuEngines(), ...(findTensorflowPackages().some(isForGpus) ? ['tensorflow'] : [])];
}

/** Names of engines; `auto` is torch where that is installed, else tensorflow where that is. */
export function listEngines({ methods, evaluations }: ResolvedExperiment): string[] {
  const hasTensorflow = findTensorflowPackages().length > 0;
  const best = examineAddon().state === 'ready' ? 'torch' : hasTensorflow ? 'tensorflow' : 'auto';
  return [...methods, ...evaluations]
    .map(({ recipe }) => recipe)
    .filter((recipe) => recipe.kind !== 'detection')
    .map(({ engine }) => (engine === 'auto' ? best : engine));
}

/**
 * Throws DEVICES_TOO_FEW where a stage that is to run needs more than there are. A training is never spread
 * over fewer devices than was said: BatchNorm and ShuffleBN would give other numbers.
 */
export function refuseTooFewDevices({ graph, decisions }: PlanView, devices: readonly Device[]): void {
  const tooWide = graph.stages.filter(
    ({ id, cost }) => cost.devices > devices.length && decisions.get(id)?.state === 'to-run',
  );
  const widest = Math.max(...tooWide.map(({ cost }) => cost.devices));
  const first = tooWide.find(({ cost }) => cost.devices === widest);
  if (!first) return;
  const { devices: spec } = graph.experiment.launch;
  throw new ProblemError({
    code: 'DEVICES_TOO_FEW',
    message: `Expected ${widest} devices for ${first.id} but ${spec} gives ${devices.length} here: ${devices.map(({ name }) => name).join(', ')}.`,
    hint: `--devices-per-trial ${devices.length} trains on what is here, as another training: BatchNorm and ShuffleBN work per device. --devices cpu:${widest} divides this machine's cores by ${widest}.`,
  });
}

/** What `moco run` would refuse, for `moco plan` to say. */
export function findDeviceProblems(view: PlanView): readonly Problem[] {
  return collectProblems(() => refuseTooFewDevices(view, chooseDevices(view.graph)));
}
