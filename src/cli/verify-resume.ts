// `moco verify-resume`: proves for a recipe that a training that is killed and goes on ends with the same bits
// as one that is not. Trains in a folder of its own, so that the user's runs are never touched.

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ResolvedExperiment } from '../config/resolved.ts';
import { ExitCode } from '../core/exit-code.ts';
import { locateScript } from '../core/own-script.ts';
import { ProblemError } from '../core/problem.ts';
import { stream } from '../core/rng.ts';
import { type KilledTraining, type KillOptions, runKilled, type StageRun } from '../launch/kill-training.ts';
import { formatDuration } from '../plan/format-quantity.ts';
import type { Stage, StageConfig, StageGraph } from '../plan/stage-graph.ts';
import { type ComparedPart, compareTrainings } from '../runs/compare-trainings.ts';
import { METRICS_FILE } from '../runs/metrics-log.ts';
import { openRunStore } from '../runs/run-store.ts';
import { chooseDevices } from './choose-devices.ts';
import { type Chosen, chooseVerified } from './choose-verified.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';
import { listenForSignals } from './listen-for-signals.ts';
import { preparePlan } from './prepare-plan.ts';

export interface VerifyResumeOptions extends ConfigOptions {
  readonly steps: number;
  readonly kills: number;
  readonly seed?: number;
  readonly method?: string;
  readonly evaluation?: string;
}

/** So many checkpoints are written on the way. */
const CHECKPOINTS = 8;

/** Prints what was compared; exit code 1 where anything differs. Throws what is wrong with the file. */
export async function verifyResume(file: string, options: VerifyResumeOptions): Promise<ExitCode> {
  const { experiment } = loadUsableConfig(file, options);
  const plan = preparePlan(experiment);
  const chosen = chooseVerified(plan, options);
  const out = mkdtempSync(path.join(os.tmpdir(), 'mocolab-verify-'));
  const signals = listenForSignals(0);
  try {
    const verifying: Verifying = { graph: plan.graph, ...chosen, out, options, signals };
    return (await verify(verifying)) ?? signals.exitCode() ?? ExitCode.stageFailed;
  } finally {
    signals.close();
    rmSync(out, { recursive: true, force: true });
  }
}

interface Verifying extends Chosen {
  readonly graph: StageGraph;
  readonly out: string;
  readonly options: VerifyResumeOptions;
  readonly signals: ReturnType<typeof listenForSignals>;
}

/** Undefined where it was stopped. */
async function verify(verifying: Verifying): Promise<ExitCode | undefined> {
  const { stage, options, signals } = verifying;
  const { steps, seed = Date.now() } = options;
  say(`${stage.id}: ${steps} steps without a break ...`);
  const first = { atMs: 0 };
  const started = performance.now();
  const whole = await train(verifying, 'whole', {
    everyMinutes: Number.MAX_SAFE_INTEGER,
    killAt: [],
    onProgress: ({ phase }) => {
      if (phase === 'train') first.atMs ||= performance.now();
    },
  });
  if (signals.stop.aborted) return undefined;
  refuseFailure(whole);
  const trainMs = performance.now() - (first.atMs || started);
  say(
    `  ${formatDuration(performance.now() - started)}; again, killed ${options.kills} times (seed ${seed}) ...`,
  );
  const rng = stream(seed, 'kills');
  const { batchSize } = recipeOf(stage);
  const killAt = Array.from({ length: options.kills }, () => batchSize * (1 + rng.integer(steps - 1)));
  const killed = await train(verifying, 'killed', {
    everyMinutes: trainMs / 60_000 / CHECKPOINTS,
    killAt: killAt.sort((a, b) => a - b),
    uniform: rng.uniform,
    jitterMs: trainMs / steps,
    onKill: ({ done }) => say(`  killed after step ${done / batchSize}`),
  });
  if (signals.stop.aborted) return undefined;
  refuseFailure(killed);
  const [a, b] = ['whole', 'killed'].map((name) => storeOf(verifying, name).folderOf(stage.id)) as [
    string,
    string,
  ];
  return report(compareTrainings(a, b, METRICS_FILE), killed.kills);
}

function storeOf({ out, graph }: Verifying, name: string) {
  return openRunStore(path.join(out, name), graph.experiment.name);
}

type TrainOptions = Partial<KillOptions> & Pick<KillOptions, 'killAt'> & { readonly everyMinutes: number };

/** Trains the stage for so many steps. */
function train(verifying: Verifying, name: string, options: TrainOptions): Promise<KilledTraining> {
  const { graph, stage, before, signals } = verifying;
  const { everyMinutes, ...kills } = options;
  const recipe = recipeOf(stage);
  const checkpointing = { ...recipe.checkpointing, everyMinutes };
  const config = { ...stage.config, recipe: { ...recipe, checkpointing }, lastStep: verifying.options.steps };
  const limited = { ...stage, config: config as StageConfig };
  const run: StageRun = {
    graph: { ...graph, experiment: restartAtOnce(graph.experiment), stages: [...before, limited] },
    stage: limited,
    store: storeOf(verifying, name),
    devices: chooseDevices(graph),
    worker: locateScript(import.meta.url, '../worker/main'),
    stop: signals.stop,
    kill: signals.kill,
  };
  const nothing = () => {};
  return runKilled(run, { jitterMs: 0, uniform: () => 0, onProgress: nothing, onKill: nothing, ...kills });
}

/** Nothing here passes by waiting: the kills are our own. */
function restartAtOnce(experiment: ResolvedExperiment): ResolvedExperiment {
  return { ...experiment, launch: { ...experiment.launch, retryDelay: 0 } };
}

function recipeOf({ config }: Stage) {
  if (config.kind !== 'pretrain' && config.kind !== 'lincls')
    throw new Error(`${config.kind} is no training.`);
  return config.recipe;
}

function refuseFailure({ failure }: KilledTraining): void {
  if (failure) throw new ProblemError(failure);
}

function report(parts: readonly ComparedPart[], kills: number): ExitCode {
  const lines = parts.map(({ what, count, bytes, different }) => [
    what,
    String(count),
    String(bytes),
    different.length === 0 ? 'same bits' : `${different.length} DIFFER: ${different.slice(0, 3).join(', ')}`,
  ]);
  say(`\n${renderTable([['what', 'count', 'bytes', 'killed and not killed'], ...lines])}\n`);
  const differing = parts.filter(({ different }) => different.length > 0);
  const verdict =
    differing.length === 0 ? 'nothing differs' : `${differing.length} of ${parts.length} parts differ`;
  say(`${kills} ${kills === 1 ? 'kill' : 'kills'}: ${verdict}.`);
  if (kills === 0) say('It was over before it could be killed: give more steps with --steps.');
  return differing.length === 0 && kills > 0 ? ExitCode.done : ExitCode.stageFailed;
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const render = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 1 || column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return rows.map(render).join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
