// Tells an MLflow server of a run while it goes on. Lives in the parent and only reads what the run leaves on disk, so
// that no training waits for a server: what cannot be sent stays there, and is sent later. Trials of earlier runs that
// the server does not have yet are sent as well.

import { rmSync } from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { EmitEvent, RunEvent } from '../../core/events.ts';
import { formatAmount } from '../../plan/format-quantity.ts';
import type { StageGraph } from '../../plan/stage-graph.ts';
import type { RunStore } from '../../runs/run-store.ts';
import { asFailure } from './as-failure.ts';
import { createMlflowClient, type MlflowClient, type MlflowError } from './client.ts';
import { groupTrials, type Trial } from './describe-run.ts';
import { findExperiment } from './find-experiment.ts';
import type { MlflowServer } from './find-server.ts';
import { MLFLOW_FILE } from './mlflow-note.ts';
import { type Sending, sendTrial } from './send-trial.ts';

export interface FollowOptions {
  readonly graph: StageGraph;
  readonly store: RunStore;
  readonly server: MlflowServer;
  readonly emit: EmitEvent;
  /** Aborted: little time is left. */
  readonly stop: AbortSignal;
  /** Aborted: none is. */
  readonly kill: AbortSignal;
}

const INTERVAL_MS = 2000;
const CALL_TIMEOUT_MS = 10_000;
const MAX_DELAY_MS = 60_000;
/** After the end of a run that was stopped: batch systems wait for little more. */
const STOPPED_MS = 3000;
/** A run that is over says soon, and again and again, what its command still waits for. */
const FIRST_NOTE_MS = 2000;
const NOTE_INTERVAL_MS = 5000;

/** What is followed, and how far. */
export class MlflowFollower {
  readonly #options: FollowOptions;
  readonly #trials: ReadonlyMap<string, Trial>;
  readonly #running = new Set<string>();
  readonly #readers: Sending['readers'] = new Map();
  /** Trials that the server has lost, and that were begun anew. */
  readonly #renewed = new Set<string>();
  /** Trials of which something may be new. */
  readonly #due: Set<string>;
  #underWay: readonly string[] = [];
  readonly #abort = new AbortController();
  readonly #client: MlflowClient;
  readonly #ended: Promise<void>;
  #experimentId: string | undefined;
  #isClosing = false;
  #hasWarned = false;
  #failures = 0;
  #wake = () => {};

  constructor(options: FollowOptions) {
    this.#options = options;
    const { graph, server, kill } = options;
    this.#trials = new Map(groupTrials(graph).map((trial) => [trial.id, trial]));
    this.#due = new Set(this.#trials.keys());
    const abort = AbortSignal.any([this.#abort.signal, kill]);
    this.#client = createMlflowClient(server, { timeoutMs: CALL_TIMEOUT_MS, abort });
    this.#ended = this.#follow();
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'stage-started':
        this.#running.add(event.id);
        this.#touch(event.id);
        break;
      case 'stage-finished':
      case 'stage-failed':
      case 'stage-retrying':
      case 'stage-interrupted':
        this.#running.delete(event.id);
        this.#touch(event.id);
    }
  }

  /** Sends what is left, as long as the server takes it. Call it when no stage runs any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#failures = 0;
    this.#wake();
    const firstNote = setTimeout(() => this.#noteWaiting(), FIRST_NOTE_MS);
    const notes = setInterval(() => this.#noteWaiting(), NOTE_INTERVAL_MS);
    const hurry = () => void setTimeout(() => this.#abort.abort(), STOPPED_MS).unref();
    const { stop } = this.#options;
    if (stop.aborted) hurry();
    stop.addEventListener('abort', hurry);
    await this.#ended;
    stop.removeEventListener('abort', hurry);
    clearTimeout(firstNote);
    clearInterval(notes);
  }

  #touch(stageId: string): void {
    const trial = stageId.slice(0, stageId.lastIndexOf('/'));
    if (this.#trials.has(trial)) this.#due.add(trial);
  }

  async #follow(): Promise<void> {
    for (;;) {
      const isLast = this.#isClosing;
      if (!(await this.#sendAll())) return;
      // Where a call has failed since the run is over, another one would only make its command wait longer.
      if (this.#isClosing && this.#failures > 0) return;
      if (isLast && this.#due.size === 0) return;
      if (this.#isClosing) continue;
      await this.#rest(this.#failures === 0 ? INTERVAL_MS : this.#delayMs());
      for (const id of this.#running) this.#touch(id);
    }
  }

  #delayMs(): number {
    return Math.min(MAX_DELAY_MS, INTERVAL_MS * 2 ** (this.#failures - 1));
  }

  /** False where the server wants nothing of this run. */
  async #sendAll(): Promise<boolean> {
    for (const id of [...this.#due]) {
      this.#due.delete(id);
      this.#underWay = [id];
      try {
        await this.#send(this.#trials.get(id)!);
        this.#failures = 0;
      } catch (error) {
        const { kind, problem } = asFailure(error, id);
        if (kind === 'missing' && this.#renew(id)) continue;
        this.#warn(problem);
        if (kind === 'refused') return false;
        if (kind !== 'unreachable') continue;
        this.#due.add(id);
        this.#failures++;
        return true;
      }
      await setImmediate(); // Stages come first.
    }
    return true;
  }

  async #send(trial: Trial): Promise<void> {
    const { graph, store } = this.#options;
    const client = this.#client;
    this.#experimentId ??= await findExperiment(client);
    const experimentId = this.#experimentId;
    const shared = { graph, store, client, experimentId, running: this.#running, readers: this.#readers };
    await sendTrial(shared, trial);
  }

  /** A server with another database knows none of the runs that are noted: they are made anew, once. */
  #renew(id: string): boolean {
    if (this.#renewed.has(id)) return false;
    this.#renewed.add(id);
    this.#experimentId = undefined;
    try {
      this.#forget(id);
    } catch {
      return false; // What the server said is told then.
    }
    this.#due.add(id);
    return true;
  }

  #forget(id: string): void {
    const { store } = this.#options;
    for (const place of [id, ...this.#trials.get(id)!.stages.map((stage) => stage.id)]) {
      rmSync(path.join(store.folderOf(place), MLFLOW_FILE), { force: true });
      this.#readers.delete(place);
    }
  }

  /** Once a run: what it says holds until its end. */
  #warn(problem: MlflowError['problem']): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.emit({ type: 'run-warning', problem });
  }

  #noteWaiting(): void {
    const { uri } = this.#options.server;
    const left = new Set([...this.#due, ...this.#underWay]);
    this.#options.emit({
      type: 'run-note',
      message: `MLflow: waiting for ${uri}, ${formatAmount(left.size, 'trial')} left to send; Ctrl-C leaves that to the next run`,
    });
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
