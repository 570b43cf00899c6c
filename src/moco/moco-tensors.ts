// What a training goes on from: its tensors under the names of the original's checkpoint, in, out and to other ranks.

import type { HostTensor, TensorMap } from '../core/host-tensor.ts';
import type { Collectives } from '../engine/collectives/collectives.ts';
import * as tf from '../engine/tf.ts';
import type { Encoder } from '../model/encoder.ts';
import type { Sgd } from '../train/sgd.ts';
import type { KeyQueue } from './key-queue.ts';

/** All that a step changes. */
export interface MocoState {
  readonly queryEncoder: Encoder;
  readonly keyEncoder: Encoder;
  readonly queue: KeyQueue;
  readonly sgd: Sgd;
}

/** `module.encoder_q.*`, `module.encoder_k.*`, the queue, `optimizer.*`. */
export async function collectTensors({
  queryEncoder,
  keyEncoder,
  queue,
  sgd,
}: MocoState): Promise<TensorMap> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, tensor] of await queryEncoder.toTensors())
    tensors.set(`module.encoder_q.${name}`, tensor);
  for (const [name, tensor] of await keyEncoder.toTensors()) tensors.set(`module.encoder_k.${name}`, tensor);
  for (const [name, tensor] of await queue.toTensors()) tensors.set(`module.${name}`, tensor);
  for (const [i, velocity] of sgd.velocities.entries()) {
    const values = (await velocity.data()) as Float32Array;
    tensors.set(`optimizer.${queryEncoder.parameterNames[i]}`, {
      dtype: 'float32',
      shape: velocity.shape,
      values,
    });
  }
  return tensors;
}

/** The same back. */
export function loadTensors({ queryEncoder, keyEncoder, queue, sgd }: MocoState, tensors: TensorMap): void {
  queryEncoder.loadTensors(selectPrefix(tensors, 'module.encoder_q.'));
  keyEncoder.loadTensors(selectPrefix(tensors, 'module.encoder_k.'));
  queue.loadTensors(selectPrefix(tensors, 'module.'));
  for (const [i, velocity] of sgd.velocities.entries()) {
    const { values, shape } = tensors.get(`optimizer.${queryEncoder.parameterNames[i]}`)!;
    tf.tidy(() => velocity.assign(tf.tensor(values as Float32Array, [...shape])));
  }
}

function selectPrefix(tensors: TensorMap, prefix: string): TensorMap {
  const selected = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(selected.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Gives every rank the parameters, velocities and queue of rank 0. */
export async function replicate(
  { queryEncoder, keyEncoder, queue, sgd }: MocoState,
  collectives: Collectives,
): Promise<void> {
  const variables = [...queryEncoder.parameters, ...keyEncoder.parameters, ...sgd.velocities, queue.variable];
  const sent = await collectives.broadcast(variables as unknown as tf.Tensor[]);
  for (const [i, variable] of variables.entries()) variable.assign(sent[i]!);
  tf.dispose(sent);
  queue.pointer = (await collectives.gatherValues(queue.pointer))[0]!;
}
