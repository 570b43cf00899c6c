// Decides from the records on disk which stages still hold, and says why the others do not.
// A stage is up to date only if its record is done, has the stage's fingerprint, its outputs are
// there in full, and everything it needs is up to date too.

import { explainChanges } from '../core/explain-changes.ts';
import { shortenStageId } from '../plan/plan-view.ts';
import type { StageDecision, StageDecisions } from '../plan/stage-decision.ts';
import type { Stage, StageGraph } from '../plan/stage-graph.ts';
import { findFault } from './check-outputs.ts';
import type { RunRecord } from './run-record.ts';
import type { RunStore } from './run-store.ts';

/** Why a stage runs, and where the cause lies: the stage itself, or one that it needs, directly or not. */
interface Cause {
  readonly reason: string;
  readonly roots: readonly string[];
}

/**
 * Decides about every stage of a graph as `decideStages`, and reads whole what finished stages left for those that
 * will run: where it was changed, the stage that leaves it runs again.
 */
export function decideStagesThoroughly(graph: StageGraph, store: RunStore): StageDecisions {
  const faults = new Map<string, string>();
  const sound = new Set<string>();
  for (;;) {
    const decisions = decideStages(graph, store, faults);
    const read = graph.stages
      .filter(({ id }) => decisions.get(id)?.state === 'to-run')
      .flatMap(({ needs }) => needs);
    const unknown = read.filter((id) => decisions.get(id)?.state === 'up-to-date' && !sound.has(id));
    for (const id of new Set(unknown)) {
      const fault = findAnyFault(store, id);
      if (fault) faults.set(id, fault);
      else sound.add(id);
    }
    if (unknown.every((id) => sound.has(id))) return decisions;
  }
}

/** All outputs but checkpoints that were kept beside the last: no stage reads those. */
function findAnyFault(store: RunStore, id: string): string | undefined {
  const reading = store.readRecord(id);
  const outputs = reading.state === 'ok' ? (reading.record.result?.outputs ?? []) : [];
  const last = outputs.findLast(({ path }) => isCheckpoint(path));
  const read = outputs.filter((output) => output === last || !isCheckpoint(output.path));
  return read.map((output) => findFault(store.folderOf(id), output, { whole: true })).find((fault) => fault);
}

function isCheckpoint(file: string): boolean {
  return /^checkpoint_\d+\.pth\.tar$/.test(file);
}

/**
 * Decides about every stage of a graph.
 *
 * @param faults what is known to be wrong with stages that seem to be finished, by id
 */
export function decideStages(
  graph: StageGraph,
  store: RunStore,
  faults: ReadonlyMap<string, string> = new Map(),
): StageDecisions {
  const fingerprints = new Map(graph.stages.map((stage) => [stage.id, stage.fingerprint]));
  const causes = new Map<string, Cause>();
  const decide = (stage: Stage): StageDecision => {
    const cause = findCause(stage, { store, faults, fingerprints, causes });
    if (!cause) return { state: 'up-to-date', reason: 'up to date' };
    causes.set(stage.id, cause);
    return { state: 'to-run', reason: cause.reason };
  };
  return new Map(graph.stages.map((stage) => [stage.id, decide(stage)]));
}

interface Known {
  readonly store: RunStore;
  readonly faults: ReadonlyMap<string, string>;
  readonly fingerprints: ReadonlyMap<string, string>;
  /** Of the stages before this one that run. */
  readonly causes: ReadonlyMap<string, Cause>;
}

function findCause(stage: Stage, known: Known): Cause | undefined {
  const reading = known.store.readRecord(stage.id);
  const own = (reason: string): Cause => ({ reason, roots: [stage.id] });
  if (reading.state === 'none') return own('never run');
  if (reading.state === 'unreadable') return own(`record unreadable: record.json ${reading.cause}`);
  if (reading.state === 'newer') {
    return own(`record of a newer version of mocolab (recordVersion ${reading.recordVersion})`);
  }
  const { record } = reading;
  if (record.fingerprint !== stage.fingerprint) return findDifference(stage, record, known);
  return findUnfinished(stage, record, known) ?? findRerunInputs(stage, known);
}

/** The fingerprint differs: finds the part of it that does, nearest first. */
function findDifference(stage: Stage, record: RunRecord, known: Known): Cause {
  const own = (reason: string): Cause => ({ reason, roots: [stage.id] });
  const changes = explainChanges(record.identity, stage.identity);
  if (changes !== '') return own(`config changed: ${changes}`);
  if (record.seed !== stage.seed) return own('seed changed');
  const before = Object.keys(record.inputs);
  const changed = stage.needs.filter((need) => record.inputs[need] !== known.fingerprints.get(need));
  const gone = before.filter((need) => !stage.needs.includes(need));
  if (changed.length + gone.length > 0)
    return blameInputs('input changed', stage, [...changed, ...gone], known);
  return own(`program changed: this version of mocolab gives other results for ${stage.kind}`);
}

/** The fingerprint is the same: finds what keeps the record from being a result. */
function findUnfinished(stage: Stage, record: RunRecord, { store, faults }: Known): Cause | undefined {
  const own = (reason: string): Cause => ({ reason, roots: [stage.id] });
  if (record.state === 'failed') return own(`failed last time: ${record.problem?.code ?? 'unknown cause'}`);
  if (record.state !== 'done' || !record.result) return own('interrupted');
  const known = faults.get(stage.id);
  if (known) return own(known);
  for (const output of record.result.outputs) {
    const fault = findFault(store.folderOf(stage.id), output, { whole: false });
    if (fault) return own(fault);
  }
  return undefined;
}

function findRerunInputs(stage: Stage, known: Known): Cause | undefined {
  const rerun = stage.needs.filter((need) => known.causes.has(need));
  return rerun.length > 0 ? blameInputs('input reruns', stage, rerun, known) : undefined;
}

/** Blames the stages where it began, not the ones in between. */
function blameInputs(what: string, stage: Stage, needs: readonly string[], known: Known): Cause {
  const roots = [...new Set(needs.flatMap((need) => known.causes.get(need)?.roots ?? [need]))];
  const first = shortenStageId(roots[0] ?? '', stage.id);
  const more = roots.length > 1 ? ` and ${roots.length - 1} more` : '';
  return { reason: `${what}: ${first}${more}`, roots };
}
