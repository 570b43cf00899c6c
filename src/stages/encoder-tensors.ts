// Finds the query encoder in a set of tensors by its names, in every project's layout that
// files/checkpoint-layouts.ts knows, and gives it torchvision's. fc is the head.

import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import { ProblemError } from '../core/problem.ts';
import { checkpointLayouts, type FoundLayout, findLayout } from '../files/checkpoint-layouts.ts';

/** A query encoder in two parts, both by torchvision's names. */
export interface EncoderTensors {
  readonly backbone: TensorMap;
  /** `fc.*`; empty where the source had none. */
  readonly head: TensorMap;
}

/**
 * Splits a checkpoint's tensors into backbone and head of the query encoder. BatchNorm's counters, which some
 * projects leave out and evaluation never reads, start at 0.
 *
 * Throws STAGE_ENCODER_NOT_FOUND and STAGE_ENCODER_UNEXPECTED.
 */
export function findQueryEncoder(tensors: TensorMap, source: string): EncoderTensors {
  const all = [...tensors.keys()];
  const found = findWrapped(all);
  if (!found) throw new ProblemError(reportNoEncoder(all, source));
  refuseUnexpected(all, found, source);
  const backbone = new Map<string, HostTensor>();
  const head = new Map<string, HostTensor>();
  for (const [name, bare] of found.names) {
    (bare.startsWith('fc.') ? head : backbone).set(bare, tensors.get(name)!);
    const norm = bare.endsWith('.running_var') ? bare.slice(0, -'.running_var'.length) : undefined;
    if (norm && ![...found.names.values()].includes(`${norm}.num_batches_tracked`))
      backbone.set(`${norm}.num_batches_tracked`, {
        dtype: 'int64',
        shape: [],
        values: BigInt64Array.of(0n),
      });
  }
  return { backbone, head };
}

/** What wraps a whole model and says nothing of its layout: DataParallel, torch.compile, Lightning. */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'net.', 'network.'];
const MOST_WRAPPERS = 3;

/** Finds the layout, if need be below wrappers. */
function findWrapped(names: readonly string[], depth = 0): FoundLayout | undefined {
  const found = findLayout(names);
  if (found || depth === MOST_WRAPPERS) return found;
  for (const wrapper of WRAPPERS) {
    const inside = names.filter((name) => name.startsWith(wrapper)).map((name) => name.slice(wrapper.length));
    const inner = inside.length > 0 ? findWrapped(inside, depth + 1) : undefined;
    if (!inner) continue;
    const wrapped = [...inner.names].map(([name, bare]): [string, string] => [wrapper + name, bare]);
    return { ...inner, prefix: wrapper + inner.prefix, names: new Map(wrapped) };
  }
  return undefined;
}

/** Everything below the encoder's prefix must be part of a ResNet: another network may look like one at its start. */
function refuseUnexpected(
  all: readonly string[],
  { layout, prefix, names }: FoundLayout,
  source: string,
): void {
  // A file without prefixes may hold a neck or an optimiser beside the encoder.
  if (prefix === '' && layout !== 'torchvision') return;
  const unexpected = all.filter((name) => name.startsWith(prefix) && !names.has(name));
  if (unexpected.length === 0) return;
  const shown = unexpected.slice(0, LISTED).join(', ');
  throw new ProblemError({
    code: 'STAGE_ENCODER_UNEXPECTED',
    message: `Expected a ResNet below ${prefix || 'no prefix'} in ${source} (layout ${layout}) but found ${unexpected.length} more: ${shown}${unexpected.length > LISTED ? ', ...' : ''}.`,
    hint: 'Save the encoder alone, or check that it is one of the archs of model.arch.',
  });
}

const LISTED = 6;

function reportNoEncoder(names: readonly string[], source: string): Problem {
  const prefixes = [...new Set(names.map((name) => name.split('.').slice(0, 2).join('.')))];
  const shown = prefixes.slice(0, LISTED).join(', ');
  return {
    code: 'STAGE_ENCODER_NOT_FOUND',
    message: `Expected an encoder in a layout that is known in ${source} but found ${names.length} tensors that begin with: ${shown}${prefixes.length > LISTED ? ', ...' : ''}.`,
    hint: `${describeNearest(names)}Known: ${[...new Set(checkpointLayouts.map(({ name }) => name))].join(', ')}.`,
  };
}

/** The stem of a ResNet under another prefix, and the known prefix that it is most like. */
function describeNearest(names: readonly string[]): string {
  const stem = names.find((name) => /(^|\.)conv1\.weight$/.test(name) && !/layer\d/.test(name));
  if (!stem) return '';
  const prefix = stem.slice(0, -'conv1.weight'.length);
  const nearest = findNearest(
    prefix,
    checkpointLayouts.flatMap(({ prefixes }) => prefixes),
  );
  return `${stem} looks like one under ${prefix}${nearest ? `; nearest known prefix: ${nearest}` : ', which is not known'}. `;
}
