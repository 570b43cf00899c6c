// One run on the server: made once, even where the answer to its making is lost; then told what it does not know yet.

import type { MlflowClient } from './client.ts';
import { type Entry, makeTags } from './describe-run.ts';
import { type MlflowNote, readMlflowNote, writeMlflowNote } from './mlflow-note.ts';

export interface RunPlace {
  readonly client: MlflowClient;
  readonly experimentId: string;
  readonly folder: string;
  /** Fingerprint of what the run is of. */
  readonly of: string;
}

/** What a run is made with. */
export interface NewRun {
  readonly name: string;
  readonly startMs: number;
  readonly tags: readonly Entry[];
  readonly params: readonly Entry[];
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Since 1970, in ms. */
  readonly timestamp: number;
  readonly step: number;
}

/** What a run is in the end, or for now. */
export interface Outcome {
  readonly status: RunStatus;
  readonly endMs?: number;
  readonly metrics: readonly Metric[];
  readonly tags: readonly Entry[];
}

const KEY_TAG = 'mocolab.key';
/** MLflow's limits on a call of log-batch. */
const METRICS_PER_CALL = 1000;
const PARAMS_PER_CALL = 100;

/** A run on the server and its note on the disk, which is written after every step. */
export class MlflowRun {
  readonly #place: RunPlace;
  #note: MlflowNote;

  constructor(place: RunPlace) {
    this.#place = place;
    this.#note = readMlflowNote(place.folder, place.client.server, place.of);
  }

  get note(): MlflowNote {
    return this.#note;
  }

  /** Makes it where it is not there yet; returns its id. */
  async ensure(describe: () => NewRun): Promise<string> {
    if (this.#note.runId && this.#note.hasParams) return this.#note.runId;
    const made = describe();
    const runId = this.#note.runId ?? (await this.#find()) ?? (await this.#create(made));
    this.keep({ runId });
    for (const params of split(made.params, PARAMS_PER_CALL)) await this.#log({ params });
    this.keep({ hasParams: true });
    return runId;
  }

  async log(metrics: readonly Metric[]): Promise<void> {
    for (const part of split(metrics, METRICS_PER_CALL)) await this.#log({ metrics: part });
  }

  /** Whether it was told so already. */
  knows(outcome: Outcome): boolean {
    return this.#note.told === renderOutcome(outcome);
  }

  /** Tells how it has ended, or that it goes on, where that is news. */
  async tell(outcome: Outcome): Promise<void> {
    if (this.knows(outcome)) return;
    const { status, endMs, metrics, tags } = outcome;
    await this.log(metrics);
    await this.#log({ tags });
    const { client } = this.#place;
    const end = endMs === undefined ? {} : { end_time: endMs };
    await client.post('runs/update', { run_id: this.#note.runId, status, ...end });
    this.keep({ told: renderOutcome(outcome) });
  }

  /** Shows it below another one. */
  async moveBelow(parent: string): Promise<void> {
    if (this.#note.parent === parent) return;
    await this.#log({ tags: [{ key: 'mlflow.parentRunId', value: parent }] });
    this.keep({ parent });
  }

  keep(changes: Partial<MlflowNote>): void {
    this.#note = { ...this.#note, ...changes };
    writeMlflowNote(this.#place.folder, this.#note);
  }

  async #log(batch: { metrics?: readonly Metric[]; params?: readonly Entry[]; tags?: readonly Entry[] }) {
    await this.#place.client.post('runs/log-batch', { run_id: this.#note.runId, ...batch });
  }

  /** A run that was made for this note although nobody heard of it. */
  async #find(): Promise<string | undefined> {
    if (!this.#note.isAskedFor) return undefined;
    const { client, experimentId } = this.#place;
    const filter = `tags.\`${KEY_TAG}\` = '${this.#note.key}'`;
    const body = { experiment_ids: [experimentId], filter, max_results: 1 };
    const { runs = [] } = await client.post<{ runs?: { info: { run_id: string } }[] }>('runs/search', body);
    return runs[0]?.info.run_id;
  }

  async #create({ name, startMs, tags }: NewRun): Promise<string> {
    this.keep({ isAskedFor: true }); // The key is on the disk before anybody else knows it.
    const { client, experimentId } = this.#place;
    const { run } = await client.post<{ run: { info: { run_id: string } } }>('runs/create', {
      experiment_id: experimentId,
      run_name: name,
      start_time: startMs,
      tags: [...tags, ...makeTags({ [KEY_TAG]: this.#note.key, 'mlflow.runName': name })],
    });
    return run.info.run_id;
  }
}

function renderOutcome({ status, endMs, metrics, tags }: Outcome): string {
  return JSON.stringify([status, endMs, metrics, tags]);
}

function* split<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
