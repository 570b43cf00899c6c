// Collectives for every engine, over TCP: tensors travel as host arrays, one bucket a message.

import * as tf from '@tensorflow/tfjs-core';
import type { Collectives } from './collectives.ts';
import { broadcastBytes, gatherBytes, gatherJson, type Summable, sumInPlace } from './exchange.ts';
import type { Mesh } from './mesh/mesh.ts';
import { createWaitMeter } from './wait-meter.ts';

type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

export function createTcpCollectives(mesh: Mesh): Collectives {
  const meter = createWaitMeter();
  return {
    rank: mesh.rank,
    ranks: mesh.ranks,
    transport: 'tcp',
    allReduceSum: (tensors, factor = 1) => meter.watch(sumTensors(mesh, tensors, factor)),
    allGather: (tensor) => meter.watch(gatherTensor(mesh, tensor)),
    broadcast: (tensors) => meter.watch(broadcastTensors(mesh, tensors)),
    gatherValues: (value) => meter.watch(gatherJson(mesh, value)),
    barrier: async () => {
      await meter.watch(gatherJson(mesh, null));
    },
    takeWaitMs: () => meter.take(),
    close: () => mesh.close(),
  };
}

async function sumTensors(mesh: Mesh, tensors: readonly tf.Tensor[], factor: number): Promise<tf.Tensor[]> {
  const dtype = tensors[0]?.dtype ?? 'float32';
  if (tensors.some((tensor) => tensor.dtype !== dtype) || !(dtype === 'float32' || dtype === 'int32'))
    throw new Error(`One bucket holds float32 or int32, not ${tensors.map((tensor) => tensor.dtype)}.`);
  const bucket = pack(tensors, dtype);
  await sumInPlace(mesh, bucket, factor);
  return unpack(bucket, tensors);
}

/** Copies the tensors into one array, before this returns. */
function pack(tensors: readonly tf.Tensor[], dtype: 'float32' | 'int32'): Summable {
  const size = tensors.reduce((sum, tensor) => sum + tensor.size, 0);
  const bucket: Summable = dtype === 'float32' ? new Float32Array(size) : new Int32Array(size);
  let at = 0;
  for (const tensor of tensors) {
    bucket.set(tensor.dataSync() as Summable, at);
    at += tensor.size;
  }
  return bucket;
}

/** Tensors of these shapes, with the values of an array, which is theirs from now on: none is copied. */
function unpack(bucket: Values, like: readonly tf.Tensor[]): tf.Tensor[] {
  let at = 0;
  return like.map(({ size, shape, dtype }) => {
    const values = bucket.subarray(at, at + size);
    at += size;
    return tf.tensor(values, shape, dtype);
  });
}

async function gatherTensor(mesh: Mesh, tensor: tf.Tensor): Promise<tf.Tensor> {
  const { shape, dtype } = tensor;
  const values = tensor.dataSync() as Values;
  const gathered = await gatherBytes(mesh, 'allGather', copyBytes(values));
  if (gathered.some(({ length }) => length !== values.byteLength))
    throw new Error(`allGather: the ranks' tensors have ${gathered.map(({ length }) => length)} bytes.`);
  const all = viewAs(dtype, Buffer.concat(gathered));
  return tf.tensor(all, [shape[0]! * mesh.ranks, ...shape.slice(1)], dtype); // [ranks N, ...]
}

async function broadcastTensors(mesh: Mesh, tensors: readonly tf.Tensor[]): Promise<tf.Tensor[]> {
  const own = tensors.map((tensor) => tensor.dataSync() as Values);
  const bytes = await broadcastBytes(mesh, concatBytes(own));
  let at = 0;
  return tensors.map(({ shape, dtype }, i) => {
    const { byteLength } = own[i]!;
    const values = viewAs(dtype, bytes.subarray(at, at + byteLength));
    at += byteLength;
    return tf.tensor(values, shape, dtype);
  });
}

function copyBytes({ buffer, byteOffset, byteLength }: Values): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

function concatBytes(arrays: readonly Values[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return all;
}

/** The elements that these bytes are, in memory of their own. */
function viewAs(dtype: tf.DataType, bytes: Uint8Array): Values {
  const own = Uint8Array.from(bytes);
  if (dtype === 'float32') return new Float32Array(own.buffer);
  if (dtype === 'int32') return new Int32Array(own.buffer);
  return own;
}
