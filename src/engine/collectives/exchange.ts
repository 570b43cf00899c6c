// Sums and copies of host arrays over the mesh. Each rank adds up one part of the array for all: it gets that
// part from everyone, adds in rank order, and gives the sum to everyone. 2 (R - 1) / R of the array goes out of
// each rank, as in a ring, but in two steps instead of 2 (R - 1), and the order of addition is that of the ranks.

import { FrameKind } from './mesh/frame.ts';
import type { Mesh } from './mesh/mesh.ts';

export type Summable = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

const { part, result } = FrameKind;

/** Sums `values` over all ranks, in place, times a factor; same type and length everywhere. */
export async function sumInPlace(mesh: Mesh, values: Summable, factor: number): Promise<void> {
  const call = mesh.begin('allReduceSum');
  const { rank, others } = mesh;
  const parts = splitEvenly(values.length, mesh.ranks);
  const slices = parts.map(([from, to]) => values.subarray(from, to));
  const sent = others.map((to) => mesh.send(to, { ...call, kind: part }, bytesOf(slices[to]!)));
  const own = slices[rank]!;
  // Sums come straight to their places: who sends one has had all of our part, which stood there.
  const sums = receiveAll(mesh, others, { ...call, kind: result }, (from) => bytesOf(slices[from]!));
  sums.catch(() => {}); // The parts reject as well, and are waited for first.
  const theirs = await receiveAll(
    mesh,
    others,
    { ...call, kind: part },
    () => new Uint8Array(own.byteLength),
  );
  const terms = theirs.map((bytes) => asTypeOf(values, bytes));
  addInRankOrder(own, terms, { rank, factor });
  sent.push(...others.map((to) => mesh.send(to, { ...call, kind: result }, bytesOf(own))));
  await sums;
  await Promise.all(sent);
}

/** Every rank's bytes, in rank order; of any length. */
export async function gatherBytes(
  mesh: Mesh,
  operation: 'allGather' | 'gatherValues',
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const message = { ...mesh.begin(operation), kind: part };
  const sent = mesh.others.map((to) => mesh.send(to, message, bytes));
  const gathered = await receiveAll(mesh, mesh.others, message);
  await Promise.all(sent);
  gathered.splice(mesh.rank, 0, bytes);
  return gathered;
}

/** Every rank's JSON value, in rank order. */
export async function gatherJson<T>(mesh: Mesh, value: T): Promise<T[]> {
  const gathered = await gatherBytes(mesh, 'gatherValues', new TextEncoder().encode(JSON.stringify(value)));
  return gathered.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T);
}

/** Rank 0's bytes. */
export async function broadcastBytes(
  mesh: Mesh,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const message = { ...mesh.begin('broadcast'), kind: part };
  if (mesh.rank > 0) return (await receiveAll(mesh, [0], message, () => new Uint8Array(bytes.length)))[0]!;
  await Promise.all(mesh.others.map((to) => mesh.send(to, message, bytes)));
  return bytes;
}

type MessageOf = Parameters<Mesh['receive']>[1];

/** One message of each of these ranks, in their order; where it is known how long they are, in memory made for them. */
function receiveAll(
  mesh: Mesh,
  from: readonly number[],
  message: MessageOf,
  makeRoom?: (rank: number) => Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const messages = from.map(async (rank) => {
    const room = makeRoom?.(rank);
    const bytes = await mesh.receive(rank, message, room);
    if (!room || bytes === room) return bytes;
    if (bytes.length === room.length) {
      room.set(bytes); // It came before anybody waited.
      return room;
    }
    const error = new Error(
      `${message.operation} ${message.sequence}: rank ${rank} sent ${bytes.length} bytes and not ${room.length}: its tensors have other shapes.`,
    );
    mesh.fail(error);
    throw error;
  });
  return Promise.all(messages);
}

/** [from, to) of as many parts of nearly the same length. */
export function splitEvenly(length: number, parts: number): (readonly [number, number])[] {
  const edges = Array.from({ length: parts + 1 }, (_, i) => Math.floor((length * i) / parts));
  return edges.slice(1).map((to, i) => [edges[i]!, to]);
}

/**
 * Adds the others' terms to `own`, which stands at `rank` among them, and multiplies by the factor; the first two may
 * change places: a + b is b + a.
 */
function addInRankOrder(
  own: Summable,
  others: readonly Summable[],
  { rank, factor }: { readonly rank: number; readonly factor: number },
): void {
  const terms = [...others];
  if (rank > 1) {
    terms.splice(rank, 0, own.slice());
    own.set(terms.shift()!);
  }
  const add = own instanceof Float32Array ? addFloats : addInts;
  for (const term of terms) add(own as never, term as never);
  const rounded = Math.fround(factor); // As native code multiplies, so that the bits are the same.
  if (factor !== 1) (own instanceof Float32Array ? scaleFloats : scaleInts)(own as never, rounded);
}

// A function for each type of array: V8 makes fast code only of loops that have seen one.

function addFloats(sum: Float32Array, term: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += term[i]!;
}

function addInts(sum: Int32Array, term: Int32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += term[i]!;
}

function scaleFloats(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

function scaleInts(values: Int32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

function asTypeOf(like: Summable, { buffer }: Uint8Array<ArrayBuffer>): Summable {
  return like instanceof Float32Array ? new Float32Array(buffer) : new Int32Array(buffer);
}

function bytesOf({ buffer, byteOffset, byteLength }: Summable): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
