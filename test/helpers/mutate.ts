// Damages files at random, by seed: flipped bits, other bytes, pieces cut, doubled, moved or filled.

import { type Rng, stream } from '../../src/core/rng.ts';

/** A damaged copy. The same seed and number give the same damage. */
export function mutate(file: Buffer, seed: number, number: number): Buffer {
  const rng = stream(seed, 'mutate', number);
  let result: Buffer = Buffer.from(file);
  const changes = 1 + pick(rng, 4);
  for (let i = 0; i < changes; i++) result = mutations[pick(rng, mutations.length)]!(result, rng);
  return result;
}

const pick = (rng: Rng, below: number) => Math.floor(rng.uniform() * Math.max(1, below));

type Mutation = (file: Buffer, rng: Rng) => Buffer;

/** Numbers that break arithmetic most often. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

const mutations: readonly Mutation[] = [
  (file, rng) => {
    file[pick(rng, file.length)]! ^= 1 << pick(rng, 8);
    return file;
  },
  (file, rng) => {
    file[pick(rng, file.length)] = pick(rng, 256);
    return file;
  },
  (file, rng) => {
    const at = pick(rng, file.length);
    const end = Math.min(file.length, at + 1 + pick(rng, 8));
    return file.fill(EDGES[pick(rng, EDGES.length)]!, at, end);
  },
  (file, rng) => file.subarray(0, pick(rng, file.length)),
  (file, rng) => {
    const at = pick(rng, file.length);
    return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + pick(rng, 64))]);
  },
  (file, rng) => {
    const at = pick(rng, file.length);
    return Buffer.concat([file.subarray(0, at + pick(rng, 64)), file.subarray(at)]);
  },
  (file, rng) => {
    const [from, to] = [pick(rng, file.length), pick(rng, file.length)];
    file.copy(file, to, from, from + 1 + pick(rng, 64));
    return file;
  },
];
