// A training and the other ranks that train with it: what one rank measures becomes the mean of all, they stop
// at the same step, and they prove that they hold the same numbers. A training on one device is its own team.

import { createHash } from 'node:crypto';
import type { Json } from '../core/hash.ts';
import { ProblemError } from '../core/problem.ts';
import type { BadImage } from '../data/bad-image.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import { createCollectives } from '../engine/collectives/create-collectives.ts';
import type { Engine } from '../engine/engine.ts';
import type * as tf from '../engine/tf.ts';
import { readVersions } from '../runs/host-info.ts';
import type { StepMeasure } from '../train/meter.ts';
import type { StageContext } from './stage-context.ts';

/** Means over images, and which of these could not be read. */
export interface Measured {
  readonly measure: StepMeasure;
  readonly images: number;
  readonly bad?: readonly BadImage[];
}

export interface RankTeam {
  readonly collectives: Collectives;
  /** Whether this process keeps the stage's files: rank 0 does. */
  readonly keepsFiles: boolean;
  /** Whether to stop here: what this process was told, or what all ranks agreed on after their last step. */
  isStopping(): boolean;
  /** What all ranks have measured. Also tells who was told to stop; every rank calls it after every step. */
  share(measured: Measured): Promise<Measured>;
  /** Tells who was told to stop, outside of steps; every rank calls it. Returns `isStopping`. */
  agree(): Promise<boolean>;
  close(): Promise<void>;
}

type Member = Pick<StageContext, 'rank' | 'stage' | 'stop'>;

/** Meets the other ranks. `facts`: what must be the same on all, beside the config. Throws RENDEZVOUS_... problems. */
export async function joinTeam(
  { rank, stage, stop }: Member,
  { engine, facts }: { readonly engine: Engine; readonly facts: { readonly [name: string]: Json } },
): Promise<RankTeam> {
  const collectives = await createCollectives({
    engine,
    ...(rank ? { rendezvous: rank.rendezvous } : {}),
    version: readVersions().mocolab ?? '',
    config: { stage: stage.id, seed: stage.seed, ...stage.identity, ...facts },
    timeoutMs: rank?.timeoutMs ?? 0,
  });
  let agreed = false;
  const isStopping = () => (collectives.ranks === 1 ? stop.aborted : agreed);
  return {
    collectives,
    keepsFiles: collectives.rank === 0,
    isStopping,
    share: async (measured) => {
      if (collectives.ranks === 1) return measured;
      const all = await collectives.gatherValues({ ...measured, stops: stop.aborted });
      agreed = all.some(({ stops }) => stops);
      return average(all);
    },
    agree: async () => {
      if (collectives.ranks > 1) agreed = (await collectives.gatherValues(stop.aborted)).some(Boolean);
      return isStopping();
    },
    close: () => collectives.close(),
  };
}

/**
 * Lets rank 0 work while the others wait: they hear of it whenever it asks whether to stop.
 *
 * @returns what rank 0 made; undefined on the others
 */
export async function workAlone<Made>(
  { collectives, isStopping, agree }: RankTeam,
  { stop }: Pick<StageContext, 'stop'>,
  work: (isStopping: () => Promise<boolean>) => Promise<Made>,
): Promise<Made | undefined> {
  const share = async (isDone: boolean) => {
    const all = await collectives.gatherValues({ isDone, stops: stop.aborted });
    return { isDone: all[0]!.isDone, stops: all.some(({ stops }) => stops) };
  };
  if (collectives.rank > 0) {
    while (!(await share(false)).isDone);
    await agree();
    return undefined;
  }
  const made = await work(async () => (collectives.ranks === 1 ? isStopping() : (await share(false)).stops));
  if (collectives.ranks > 1) {
    await share(true);
    await agree();
  }
  return made;
}

/** What the record says a training ran on: its engine, and where there are several ranks, how their tensors travelled. */
export function describeTeam(engine: Engine, { collectives: { ranks, transport } }: RankTeam) {
  return { ...engine.description, ...(ranks > 1 ? { ranks, collectives: transport } : {}) };
}

/** Weighted by images; the same on every rank, because the order is. */
function average(all: readonly Measured[]): Measured {
  const images = all.reduce((sum, each) => sum + each.images, 0);
  const mean = (name: keyof StepMeasure) => all.reduce((sum, each) => sum + weigh(each, name), 0) / images;
  const measure = { loss: mean('loss'), acc1: mean('acc1'), acc5: mean('acc5') };
  return { measure, images, bad: all.flatMap(({ bad = [] }) => bad) };
}

/** Without images there is no mean. What is no finite number has travelled as null. */
function weigh({ measure, images }: Measured, name: keyof StepMeasure): number {
  return images > 0 ? (measure[name] ?? Number.NaN) * images : 0;
}

/** Throws STAGE_RANKS_DIFFER unless these tensors have the same bits on every rank. */
export async function refuseDifference(
  { collectives }: Pick<RankTeam, 'collectives'>,
  tensors: { readonly [what: string]: readonly tf.Tensor[] },
  when: string,
): Promise<void> {
  if (collectives.ranks === 1) return;
  const own: { [what: string]: string } = {};
  for (const [what, list] of Object.entries(tensors)) own[what] = await hashTensors(list);
  const [first, ...others] = await collectives.gatherValues(own);
  for (const what of Object.keys(own)) {
    const ranks = others.flatMap((other, i) => (other[what] === first![what] ? [] : [i + 1]));
    if (ranks.length > 0) throw new ProblemError(reportDifference(what, ranks, when));
  }
}

async function hashTensors(tensors: readonly tf.Tensor[]): Promise<string> {
  const hash = createHash('sha256');
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = await tensor.data();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}

function reportDifference(what: string, ranks: readonly number[], when: string) {
  return {
    code: 'STAGE_RANKS_DIFFER',
    message: `Expected ${what} to have the same bits on every rank ${when} but rank ${ranks.join(', ')} has others than rank 0.`,
    hint: 'Ranks that train different models give a result that means nothing. See the logs of these ranks; memory or a device may be faulty.',
  };
}
