// `moco worker`: one rank of one training, started by another launcher, which starts the others the same way. Rank 0
// keeps the folder of runs as `moco run` does; `moco run` then does what is left of the experiment.

import { ExitCode } from '../core/exit-code.ts';
import { ProblemError } from '../core/problem.ts';
import { type LaunchedRank, readLaunchedRank } from '../engine/collectives/rendezvous/rendezvous.ts';
import { followStage } from '../launch/follow-stage.ts';
import type { RankPlace } from '../launch/protocol.ts';
import { runExperiment } from '../launch/run-experiment.ts';
import { createPlainUi } from '../launch/ui/plain.ts';
import { type StageDecisions, selectStage } from '../plan/stage-decision.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import { decideStagesThoroughly } from '../runs/decide-stages.ts';
import { openRunStore, type RunStore } from '../runs/run-store.ts';
import { chooseLaunchedDevice } from './choose-devices.ts';
import { chooseExitCode } from './choose-exit-code.ts';
import { chooseLaunchedStage } from './choose-launched-stage.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';
import { listenForSignals, type Signals } from './listen-for-signals.ts';
import { locateWorker } from './locate-worker.ts';
import { preparePlan } from './prepare-plan.ts';
import { refuseMissingInputs } from './refuse-missing-inputs.ts';
import { trackRun } from './track-run.ts';

export interface WorkerOptions extends ConfigOptions {
  readonly stage?: string;
  readonly out: string;
}

/** Runs the rank that the environment names. Throws RENDEZVOUS_ENV, WORKER_* and all that `moco run` refuses. */
export async function worker(file: string, options: WorkerOptions): Promise<ExitCode> {
  const launched = readLaunchedRank(process.env);
  const { experiment, overrides } = loadUsableConfig(file, options);
  const { graph, inputProblems } = preparePlan(experiment);
  const stage = chooseLaunchedStage(graph, { id: options.stage, ranks: launched.rendezvous.ranks });
  const store = openRunStore(options.out, experiment.name);
  const decisions = selectStage(decideStagesThoroughly(graph, store), stage.id);
  const { rank, ranks } = launched.rendezvous;
  if (decisions.get(stage.id)!.state === 'up-to-date') {
    say(`${stage.id} is up to date: nothing to do for rank ${rank} of ${ranks}`);
    return ExitCode.done;
  }
  refuseMissingNeeds(stage, decisions, file);
  refuseMissingInputs({ graph, decisions }, inputProblems);
  const signals = listenForSignals(1000 * experiment.launch.preemptionGrace);
  try {
    const task: Task = { graph: narrow(graph, stage), stage, store, launched, overrides, signals };
    return await (rank === 0 ? lead(task) : follow(task));
  } finally {
    signals.close();
  }
}

interface Task {
  readonly graph: StageGraph;
  readonly stage: Stage;
  readonly store: RunStore;
  readonly launched: LaunchedRank;
  readonly overrides: readonly string[];
  readonly signals: Signals;
}

/** The stage takes one device here, and is not started again here: only the launcher can start all ranks anew. */
function narrow(graph: StageGraph, stage: Stage): StageGraph {
  const { launch } = graph.experiment;
  return {
    experiment: { ...graph.experiment, launch: { ...launch, retries: 0 } },
    stages: graph.stages.map((each) =>
      each.id === stage.id ? { ...each, cost: { ...each.cost, devices: 1 } } : each,
    ),
  };
}

function placeOf({ graph, launched }: Task): RankPlace {
  return { rendezvous: launched.rendezvous, timeoutMs: 1000 * graph.experiment.launch.stallTimeout };
}

/** Rank 0 keeps the record and the files. */
async function lead(task: Task): Promise<ExitCode> {
  const { graph, stage, store, launched, overrides, signals } = task;
  const ui = createPlainUi(write);
  const tracked = await trackRun({ graph, store, emit: ui.onEvent, signals });
  const summary = await runExperiment({
    graph,
    store,
    devices: [chooseLaunchedDevice(graph, launched)],
    launched: { stageId: stage.id, place: placeOf(task) },
    overrides,
    command: ['moco', ...process.argv.slice(2)].join(' '),
    worker: locateWorker(),
    emit: tracked.emit,
    stop: signals.stop,
    kill: signals.kill,
  });
  await ui.close();
  await tracked.close();
  return chooseExitCode(summary, signals.exitCode());
}

async function follow(task: Task): Promise<ExitCode> {
  const { graph, stage, store, launched, signals } = task;
  const { rank, ranks } = launched.rendezvous;
  const device = chooseLaunchedDevice(graph, launched);
  say(`started  rank ${rank} of ${ranks} of ${stage.id} on ${device.name}`);
  const { stop, kill } = signals;
  const { end, logTail } = await followStage({
    stage,
    store,
    device,
    place: placeOf(task),
    worker: locateWorker(),
    stop,
    kill,
  });
  if (end.state === 'done') return ExitCode.done;
  if (end.state !== 'failed') return signals.exitCode() ?? ExitCode.preempted;
  const { code, message, hint } = end.problem;
  say(`FAILED   rank ${rank} of ${stage.id}\n  ${code}\n  ${message}`);
  if (hint) say(`    hint: ${hint}`);
  for (const line of logTail) say(`    | ${line}`);
  return ExitCode.stageFailed;
}

/** Throws WORKER_INPUT_MISSING: a launcher of ranks runs one stage, not what comes before it. */
function refuseMissingNeeds({ id, needs }: Stage, decisions: StageDecisions, file: string): void {
  const missing = needs.filter((need) => decisions.get(need)?.state !== 'up-to-date');
  if (missing.length === 0) return;
  throw new ProblemError({
    code: 'WORKER_INPUT_MISSING',
    message: `Expected what ${id} needs to be there but ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not up to date.`,
    hint: `\`moco worker\` runs one training. \`moco run ${file}\` runs the others; \`--only sanity-check\` all that comes before an evaluation.`,
  });
}

function write(text: string): void {
  process.stdout.write(text);
}

function say(line: string): void {
  write(`${line}\n`);
}
