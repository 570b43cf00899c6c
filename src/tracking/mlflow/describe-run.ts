// What MLflow is told of a stage and of a trial: names, tags, params, within its limits (mlflow/utils/validation.py).

import { userInfo } from 'node:os';
import { hashJson, type Json } from '../../core/hash.ts';
import { isMapping } from '../../core/is-mapping.ts';
import type { Stage, StageGraph } from '../../plan/stage-graph.ts';
import type { RunRecord } from '../../runs/run-record.ts';

/** An entry of a run. */
export interface Entry {
  readonly key: string;
  readonly value: string;
}

/** A trial of a method: its stages, in the order of the graph. */
export interface Trial {
  /** `mocov2/trial-1`: also its folder below the experiment's. */
  readonly id: string;
  readonly stages: readonly Stage[];
}

const MAX_KEY = 250;
const MAX_PARAM = 6000;
const MAX_TAG = 5000;

/** Stages that measure something, each an MLflow run below that of its trial. The others show in its status alone. */
export function isTracked({ kind }: Stage): boolean {
  return kind === 'pretrain' || kind === 'lincls' || kind === 'knn' || kind === 'detection';
}

export function groupTrials({ stages }: StageGraph): Trial[] {
  const trials = new Map<string, Stage[]>();
  for (const stage of stages) {
    if (stage.method === undefined) continue;
    const id = `${stage.method}/trial-${stage.trial}`;
    const known = trials.get(id);
    if (known) known.push(stage);
    else trials.set(id, [stage]);
  }
  return [...trials].map(([id, stages]) => ({ id, stages }));
}

/** Another set of results is another MLflow run, whose params nobody can change. */
export function fingerprintTrial({ stages }: Trial): string {
  return hashJson(stages.map(({ fingerprint }) => fingerprint));
}

/** A stage's own settings. */
export function describeStageParams({ config, seed }: Stage): Entry[] {
  return [...('recipe' in config ? flattenRecipe('', config.recipe) : []), makeParam('seed', seed)];
}

/**
 * All settings of a trial: the method's by their paths, an evaluation's behind its name, `evaluations.` before it
 * where the method has settings under that name too.
 */
export function describeTrialParams({ stages }: Trial): Entry[] {
  const method = stages.find(({ kind }) => kind === 'pretrain' || kind === 'extract');
  const own = method && 'recipe' in method.config ? flattenRecipe('', method.config.recipe) : [];
  const groups = new Set(own.map(({ key }) => key.split('.')[0]));
  const others = stages.flatMap(({ config, evaluation }) => {
    if (evaluation === undefined || !('recipe' in config)) return [];
    return flattenRecipe(`${groups.has(evaluation) ? 'evaluations.' : ''}${evaluation}.`, config.recipe);
  });
  return [...own, ...others, makeParam('seed', stages[0]!.seed)];
}

/** What the run is about, for MLflow's table and its search. */
export function describeTags(graph: StageGraph, stage: Stage, record: RunRecord): Entry[] {
  const { experiment } = graph;
  const revision = record.gitRevision;
  const tags: { [key: string]: string | undefined } = {
    'mlflow.source.name': experiment.file,
    'mlflow.source.type': 'LOCAL',
    'mlflow.source.git.commit': revision?.replace(/-dirty$/, ''),
    'mlflow.source.git.dirty': revision ? String(revision.endsWith('-dirty')) : undefined,
    'mlflow.user': findUser(),
    'mocolab.experiment': experiment.name,
    'mocolab.method': stage.method,
    'mocolab.trial': String(stage.trial),
    'mocolab.seed': String(stage.seed),
    'mocolab.host': record.host.name,
    'mocolab.version': record.versions.mocolab,
  };
  return makeTags(tags);
}

/** How far it is, what with: known in the end. */
export function describeOutcome({ engine, state, problem }: RunRecord): Entry[] {
  const text = (name: string) => (typeof engine?.[name] === 'string' ? engine[name] : undefined);
  return makeTags({
    'mocolab.state': problem ? `${state}: ${problem.code} ${problem.message}` : state,
    'mocolab.engine': text('name'),
    'mocolab.device': text('device'),
  });
}

export function makeTags(tags: { readonly [key: string]: string | undefined }): Entry[] {
  return Object.entries(tags).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: cut(value, MAX_TAG) }],
  );
}

/** Letters, digits and _ - . / and spaces are what the key of a param or a metric may have. */
export function makeKey(text: string): string {
  return text.replace(/[^\w\-./ ]/g, '_').slice(0, MAX_KEY);
}

function flattenRecipe(prefix: string, recipe: object): Entry[] {
  const { kind: _kind, name: _name, ...settings } = recipe as { [key: string]: Json };
  return flatten(prefix, settings);
}

/** `moco.temperature`, ...; a list is one value. */
function flatten(prefix: string, settings: { readonly [key: string]: Json }): Entry[] {
  return Object.entries(settings).flatMap(([key, value]) =>
    isMapping(value) ? flatten(`${prefix}${key}.`, value) : [makeParam(`${prefix}${key}`, value)],
  );
}

function makeParam(key: string, value: Json): Entry {
  return {
    key: makeKey(key),
    value: cut(typeof value === 'string' ? value : JSON.stringify(value), MAX_PARAM),
  };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** A user without a name in the system's list has a number alone. */
function findUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
