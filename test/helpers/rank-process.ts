// A rank of a test: joins the others, plays its part, and prints what it saw as one line of JSON.
// Argument: RankPart as JSON.

import { createHash } from 'node:crypto';
import { ProblemError } from '../../src/core/problem.ts';
import type { Collectives, Transport } from '../../src/engine/collectives/collectives.ts';
import { createCollectives } from '../../src/engine/collectives/create-collectives.ts';
import { computeMeanGradients } from '../../src/engine/collectives/gradient-buckets.ts';
import type { Rendezvous } from '../../src/engine/collectives/rendezvous/rendezvous.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { ConcreteEngineName } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';

export interface RankPart {
  readonly rendezvous: Rendezvous;
  readonly engine: ConcreteEngineName;
  /** 'operations' runs them all; the others are faults, after some all-reduces have gone well. */
  readonly play: 'operations' | 'gradients' | 'die' | 'hang' | 'wait' | 'differ' | 'leave' | 'throw';
  /** Whether to sum 50 MB too. */
  readonly large?: boolean;
  readonly only?: Transport;
  readonly timeoutMs?: number;
  readonly version?: string;
  readonly config?: { readonly [key: string]: number };
}

/** What a rank prints. */
export interface RankReport {
  readonly transport?: string;
  /** Hash of the bits of every result, by operation. */
  readonly hashes?: { readonly [name: string]: string };
  /** Results that are not what a plain loop over all ranks' inputs gives. */
  readonly wrong?: readonly string[];
  readonly tensorsLeft?: number;
  readonly error?: { readonly code?: string; readonly message: string; readonly hint?: string };
}

/** A shape and how often it is summed. Odd sizes, nothing, one number, and more than a socket takes at once. */
const SHAPES: readonly (readonly number[])[] = [[1], [0], [7], [3, 3, 5, 2], [1023], [0, 4], [65_537]];

const part = JSON.parse(process.argv[2]!) as RankPart;
const { rank, ranks } = part.rendezvous;
const engine = await createEngine(part.engine);
const report = await play().catch((error: unknown): RankReport => ({ error: describe(error) }));
process.stdout.write(`${JSON.stringify(report)}\n`);

async function play(): Promise<RankReport> {
  const collectives = await createCollectives({
    engine,
    rendezvous: part.rendezvous,
    version: part.version ?? '1.0.0',
    config: part.config ?? { seed: 1 },
    timeoutMs: part.timeoutMs ?? 60_000,
    ...(part.only ? { only: part.only } : {}),
  });
  try {
    if (part.play === 'operations') return await tryOperations(collectives);
    return part.play === 'gradients' ? await trainTogether(collectives) : await misbehave(collectives);
  } finally {
    await collectives.close();
  }
}

async function tryOperations(collectives: Collectives): Promise<RankReport> {
  const hashes: { [name: string]: string } = {};
  const wrong: string[] = [];
  const check = (name: string, tensors: readonly tf.Tensor[], expected: readonly ArrayLike<number>[]) => {
    const values = tensors.map((tensor) => tensor.dataSync());
    const hash = createHash('sha256');
    for (const array of values) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    hashes[name] = hash.digest('hex').slice(0, 16);
    const isRight = values.every((array, i) => isEqual(array, expected[i]!));
    if (!isRight) wrong.push(name);
    tf.dispose([...tensors]);
  };
  const before = engine.memory().tensors;

  const floats = SHAPES.map((shape) => makeTensor(shape, rank, 'float32'));
  check(
    'sums',
    await collectives.allReduceSum(floats),
    SHAPES.map((shape) => sumOverRanks(shape, 'float32')),
  );
  const small = floats.slice(0, 6);
  const several = await Promise.all(small.map((tensor) => collectives.allReduceSum([tensor])));
  check(
    'several at once',
    several.flat(),
    SHAPES.slice(0, 6).map((shape) => sumOverRanks(shape, 'float32')),
  );
  const integers = SHAPES.slice(0, 4).map((shape) => makeTensor(shape, rank, 'int32'));
  check(
    'int32',
    await collectives.allReduceSum(integers),
    SHAPES.slice(0, 4).map((shape) => sumOverRanks(shape, 'int32')),
  );
  check('nothing', await collectives.allReduceSum([]), []);
  for (const tensor of [floats[2]!, floats[3]!, floats[5]!, integers[2]!]) {
    const gathered = await collectives.allGather(tensor);
    const all = everyRank((r) => [...makeValues(tensor.shape, r, tensor.dtype as 'int32')]).flat();
    check(`gathered ${tensor.dtype} ${tensor.shape}`, [gathered], [all]);
  }
  const sent = await collectives.broadcast([floats[3]!, integers[2]!, floats[1]!, floats[6]!]);
  const first = [
    makeValues(SHAPES[3]!, 0, 'float32'),
    makeValues(SHAPES[2]!, 0, 'int32'),
    [],
    makeValues(SHAPES[6]!, 0, 'float32'),
  ];
  check('broadcast', sent, first);
  const values = await collectives.gatherValues({ rank, text: 'ü'.repeat(rank) });
  if (JSON.stringify(values) !== JSON.stringify(everyRank((r) => ({ rank: r, text: 'ü'.repeat(r) }))))
    wrong.push('values');
  await collectives.barrier();
  if (!(collectives.takeWaitMs() >= 0)) wrong.push('takeWaitMs');

  if (part.large) {
    const large = makeTensor([13_107_200], rank, 'float32');
    check('50 MB', await collectives.allReduceSum([large]), [sumOverRanks(large.shape, 'float32')]);
    large.dispose();
  }

  tf.dispose([...floats, ...integers]);
  return { transport: collectives.transport, hashes, wrong, tensorsLeft: engine.memory().tensors - before };
}

/** Mean gradients of two layers and a bias that nothing reaches, beside the mean that one process computes alone. */
async function trainTogether(collectives: Collectives): Promise<RankReport> {
  const before = engine.memory().tensors;
  const shapes = [[700, 500], [500, 600], [3]];
  const parameters = shapes.map((shape) => {
    return tf.tidy(() => tf.variable(tf.mul(makeTensor(shape, 9, 'float32'), 0.05)));
  });
  const lossOf = (of: number) => () => {
    const [first, second] = parameters as unknown as [tf.Tensor2D, tf.Tensor2D];
    const x = makeTensor([4, 700], of, 'float32') as tf.Tensor2D;
    return tf.mean(tf.square(engine.ops.linear(tf.relu(engine.ops.linear(x, first)), second))) as tf.Scalar;
  };
  const { loss, gradients } = await computeMeanGradients({ engine, collectives }, lossOf(rank), parameters);
  const alone = everyRank((r) => engine.ops.computeGradients(lossOf(r), parameters));
  const wrong: string[] = [];
  const hash = createHash('sha256');
  for (const [i, gradient] of gradients.entries()) {
    const values = gradient.dataSync();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    const terms = alone.map((each) => each.gradients[i]!.dataSync());
    const distance = (values as Float32Array).reduce((furthest, value, at) => {
      const mean = terms.reduce((sum, term) => sum + term[at]!, 0) / ranks;
      return Math.max(furthest, Math.abs(value - mean));
    }, 0);
    if (!(distance <= 1e-7)) wrong.push(`gradient ${i} is off by ${distance}`);
  }
  tf.dispose([loss, ...gradients, ...alone.flatMap((each) => [each.loss, ...each.gradients]), ...parameters]);
  const hashes = { gradients: hash.digest('hex').slice(0, 16) };
  return { transport: collectives.transport, wrong, hashes, tensorsLeft: engine.memory().tensors - before };
}

async function misbehave(collectives: Collectives): Promise<RankReport> {
  const tensor = makeTensor([300_000], rank, 'float32');
  for (let i = 0; i < 3; i++) tf.dispose(await collectives.allReduceSum([tensor]));
  if (part.play === 'leave') return {};
  if (part.play === 'throw') throw new Error('told to throw');
  // Everyone is in the middle of a bucket; the culprit has given a part of what it owes.
  const pending = [collectives.allReduceSum([tensor]), collectives.allReduceSum([tensor])];
  for (const promise of pending) promise.catch(() => {});
  if (part.play === 'die') process.kill(process.pid, 'SIGKILL');
  if (part.play === 'hang') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  if (part.play === 'differ') await collectives.allGather(tensor);
  else pending.push(collectives.allReduceSum([tensor]));
  tf.dispose((await Promise.all(pending)).flat());
  await collectives.barrier();
  return {};
}

function makeValues(
  shape: readonly number[],
  of: number,
  dtype: 'float32' | 'int32',
): Float32Array | Int32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = dtype === 'float32' ? new Float32Array(size) : new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const mixed = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(of + 1, 0x85ebca6b);
    values[i] = dtype === 'float32' ? mixed / 2 ** 31 : mixed >> 8;
  }
  return values;
}

function makeTensor(shape: readonly number[], of: number, dtype: 'float32' | 'int32'): tf.Tensor {
  return tf.tensor(makeValues(shape, of, dtype), [...shape], dtype);
}

function everyRank<T>(make: (rank: number) => T): T[] {
  return Array.from({ length: ranks }, (_, r) => make(r));
}

/** In rank order, rounded to float32 after every addition. */
function sumOverRanks(shape: readonly number[], dtype: 'float32' | 'int32'): ArrayLike<number> {
  const [sum, ...others] = everyRank((r) => makeValues(shape, r, dtype));
  for (const values of others) for (let i = 0; i < values.length; i++) sum![i]! += values[i]!;
  return sum!;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function describe(error: unknown): NonNullable<RankReport['error']> {
  if (error instanceof ProblemError) {
    const { code, message, hint } = error.problems[0]!;
    return { code, message, ...(hint ? { hint } : {}) };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}
