// Expects how long stages will take from the records of the same experiment: the images at the
// speed of the most similar finished stage, plus what that stage spent beside its images.
// Another network, engine, precision or image size gives no estimate at all rather than a wrong one.

import os from 'node:os';
import { type Json, renderCanonicalJson } from '../core/hash.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import type { RunRecord } from './run-record.ts';

/**
 * Estimates the duration of every stage in ms; null where no such stage has finished yet, or where
 * its size is unknown.
 *
 * @param records of this experiment, see readRecords
 * @param host the machine that will run the stages; records made on it count first
 */
export function estimateDurations(
  graph: StageGraph,
  records: readonly RunRecord[],
  host = os.hostname(),
): Map<string, number | null> {
  const models = findModels(records);
  const latest = new Map<string, RunRecord>();
  const done = records.filter((record) => record.state === 'done' && record.result);
  for (const record of done.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))) {
    const { kind, method = '', evaluation = '' } = record.stage;
    const model = models.get(method) ?? '';
    const traits = { kind, method, evaluation, model, identity: record.identity };
    for (const key of listKeys(traits, record.host.name)) latest.set(key, record);
  }
  return new Map(graph.stages.map((stage) => [stage.id, estimateStage(stage, latest, host)]));
}

interface Traits {
  readonly kind: string;
  readonly method: string;
  readonly evaluation: string;
  /** Canonical JSON of the network's config. */
  readonly model: string;
  readonly identity: { readonly [key: string]: Json };
}

/** Keys under which a stage's likes are found, the most alike first. What must agree is in each. */
function listKeys({ kind, method, evaluation, model, identity }: Traits, host: string): string[] {
  const { engine = '', precision = '', augment = [], evalTransform = [] } = identity;
  const cropSizes = [augment, evalTransform].flatMap(listSizes);
  const needed = renderCanonicalJson([kind, engine, precision, kind === 'report' ? '' : model, cropSizes]);
  return [
    `${needed} on ${host} of ${method} by ${evaluation}`,
    `${needed} on ${host} by ${evaluation}`,
    `${needed} on ${host}`,
    `${needed} by ${evaluation}`,
    needed,
  ];
}

function listSizes(ops: Json): Json[] {
  return (ops as readonly { readonly size?: Json }[]).flatMap((op) => op.size ?? []);
}

/** The network of each method, from the record of its first stage. */
function findModels(records: readonly RunRecord[]): Map<string, string> {
  const withModel = records.filter((record) => record.identity.model !== undefined);
  return new Map(
    withModel.map(({ stage, identity }) => [stage.method ?? '', renderCanonicalJson(identity.model ?? null)]),
  );
}

function estimateStage(stage: Stage, latest: ReadonlyMap<string, RunRecord>, host: string): number | null {
  const { kind, method = '', evaluation = '', config, identity } = stage;
  const model = renderCanonicalJson(findModel(config));
  const keys = listKeys({ kind, method, evaluation, model, identity }, host);
  const like = keys.map((key) => latest.get(key)).find((record) => record !== undefined);
  if (like?.durationMs === undefined || !like.result || stage.cost.images === null) return null;
  const { images, imagesPerSecond } = like.result;
  if (imagesPerSecond === null || imagesPerSecond <= 0) return like.durationMs;
  const besideMs = Math.max(0, like.durationMs - (images / imagesPerSecond) * 1000);
  return besideMs + (stage.cost.images / imagesPerSecond) * 1000;
}

function findModel(config: Stage['config']): Json {
  if (config.kind === 'report') return null;
  const model = 'model' in config ? config.model : config.recipe.model;
  return model as unknown as Json;
}
