// The state_dict of torch.optim.SGD: a momentum buffer for each parameter that was trained, by the
// parameter's place in the optimiser's list, and the settings of one group.

import type { HostTensor } from '../../core/host-tensor.ts';
import { isStoredTensor } from '../state-dict.ts';
import { type StoredTensor, toStored } from '../stored-tensor.ts';

export interface SgdState {
  /** Of the first parameters, in their order; further ones were never trained. */
  readonly momentumBuffers: readonly HostTensor[];
  /** How many parameters the optimiser was given. */
  readonly parameters: number;
  /** Rate of the last step. */
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** As `optimizer.state_dict()` gives it; with the settings of every PyTorch from 1.0 to now. */
export function buildSgdState(state: SgdState): ReadonlyMap<string, unknown> {
  const buffers = state.momentum === 0 ? [] : state.momentumBuffers;
  const byIndex = buffers.map(
    (tensor, i) => [BigInt(i), new Map([['momentum_buffer', toStored(tensor)]])] as const,
  );
  const group = new Map<string, unknown>([
    ['lr', state.lr],
    ['momentum', state.momentum],
    ['dampening', 0n],
    ['weight_decay', state.weightDecay],
    ['nesterov', false],
    ['maximize', false],
    ['foreach', null],
    ['differentiable', false],
    ['fused', null],
    ['params', Array.from({ length: state.parameters }, (_, i) => BigInt(i))],
  ]);
  return new Map<string, unknown>([
    ['state', new Map(byIndex)],
    ['param_groups', [group]],
  ]);
}

/**
 * The momentum buffers of an optimiser's state, by the parameter's place.
 *
 * @returns undefined where it is none of SGD's
 */
export function readMomentumBuffers(optimizer: unknown): ReadonlyMap<number, StoredTensor> | undefined {
  const state = optimizer instanceof Map ? optimizer.get('state') : undefined;
  if (!(state instanceof Map)) return undefined;
  const buffers = new Map<number, StoredTensor>();
  for (const [index, entry] of state) {
    if (typeof index !== 'bigint' || !(entry instanceof Map)) return undefined;
    const buffer = entry.get('momentum_buffer');
    if (isStoredTensor(buffer)) buffers.set(Number(index), buffer);
    else if (buffer !== null && buffer !== undefined) return undefined;
  }
  return buffers;
}
