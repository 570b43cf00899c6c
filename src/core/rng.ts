// Random streams by name. Every consumer derives its own stream from a seed and a path of names
// (`stream(seed, 'augment', epoch, index)`), so no stream depends on how far another has run:
// the same seed gives the same numbers whatever the order, the threads or the place of a resume.
// Generator: SFC32 (C. Doty-Humphrey, PractRand), 128 bits of state; seeding: cyrb128-style mixing.

/** A stream of random numbers. Not for secrets. */
export interface Rng {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal (Box-Muller, one value a call). */
  normal(): number;
}

/** Derives the 32-bit seed of something from the seed above it and its name. */
export function deriveSeed(seed: number, ...names: readonly (string | number)[]): number {
  return mixText(`${seed}/${names.join('/')}`)[0];
}

/** Opens the stream that belongs to a seed and a path of names. */
export function stream(seed: number, ...names: readonly (string | number)[]): Rng {
  const next = sfc32(mixText(`${seed}/${names.join('/')}`));
  const uniform = () => next() / 0x1_0000_0000;
  return {
    uniform,
    integer: (bound) => Math.floor(uniform() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** A permutation of 0..length-1 (Fisher-Yates). */
export function permutation(rng: Rng, length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

type State = [number, number, number, number];

function sfc32(state: State): () => number {
  let [a, b, c, d] = state;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Mixes a text into 128 bits: four FNV-1a lanes of different offsets, each finished by murmur3's finaliser. */
function mixText(text: string): State {
  // Four variables, not an array: a stream is opened for every crop.
  let [a, b, c, d] = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x01000193);
    c = Math.imul(c ^ code, 0x01000193);
    d = Math.imul(d ^ code, 0x01000193);
  }
  return [
    finalise(a),
    finalise(b + 0x9e3779b9),
    finalise(c + Math.imul(2, 0x9e3779b9)),
    finalise(d + Math.imul(3, 0x9e3779b9)),
  ];
}

function finalise(lane: number): number {
  let x = lane >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
