// Calls every kernel of the torch engine wrongly, in a process of its own: a crash must not take the tests along.
// Arguments: a seed, calls a kernel, a file for the call that runs now, kernels to call (all where none are named).
// Prints what went wrong, as JSON.

import { writeFileSync } from 'node:fs';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tfjs from '@tensorflow/tfjs-core';
import { type Rng, stream } from '../../../src/core/rng.ts';
import { createEngine } from '../../../src/engine/create-engine.ts';
import { readInstalledAddon } from '../../../src/engine/torch/addon-file.ts';
import type { TorchBackend } from '../../../src/engine/torch/backend.ts';
import { loadAddon } from '../../../src/engine/torch/binding.ts';
import type { TorchKernel } from '../../../src/engine/torch/kernel.ts';
import { kernels } from '../../../src/engine/torch/kernel-list.ts';
import { exampleCalls } from './example-calls.ts';
import type { FuzzReport } from './fuzz-report.ts';
import { type FuzzedCall, type FuzzedOperand, mutateCall } from './mutate-call.ts';

const [seed, calls, trace, ...wanted] = process.argv.slice(2);
await createEngine('torch', { device: 'cpu' });
const backend = tfjs.backend() as TorchBackend;
const addon = loadAddon(readInstalledAddon()!.addon);
/** The addon's names of element types. */
const types = { float32: 'Float', int32: 'Int', bool: 'Bool', complex64: 'ComplexFloat', string: '' };
const WILD = [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 31 - 1, -(2 ** 31), 1e30, 0];

const found = { calls: 0, refused: 0, faults: [] as string[] };
for (const { kernelName } of kernels) {
  if (wanted.length > 0 && !wanted.includes(kernelName)) continue;
  const example = exampleCalls[kernelName];
  if (!example) {
    found.faults.push(`${kernelName} has no example`);
    continue;
  }
  const rng = stream(Number(seed), 'fuzz', kernelName);
  const right = tryCall(kernelName, example, rng);
  if (right.error) found.faults.push(`the example of ${kernelName} does not run: ${right.error}`);
  for (let i = 0; i < Number(calls); i++) {
    const call = mutateCall(example, rng);
    writeFileSync(trace!, `${kernelName} ${render(call)}`);
    const before = addon.memory().tensors;
    const { error, fault } = tryCall(kernelName, call, rng);
    const left = addon.memory().tensors - before;
    found.calls++;
    if (error !== undefined) found.refused++;
    const wrong = fault ?? (left === 0 ? undefined : `leaves ${left} tensors`);
    if (wrong) found.faults.push(`${kernelName} ${render(call)}: ${wrong}`);
  }
}
process.stdout.write(`\n${JSON.stringify(found satisfies FuzzReport)}\n`);

/** Makes the call; `error` is its message where it was refused, `fault` what is wrong with how it went. */
function tryCall(
  kernelName: string,
  { inputs, attrs }: FuzzedCall,
  rng: Rng,
): { readonly error?: string; readonly fault?: string } {
  const tensors = Object.entries(inputs).map(([name, operand]) => [name, makeTensor(operand, rng)] as const);
  const kernelFunc = tfjs.getKernel(kernelName, 'torch').kernelFunc as unknown as TorchKernel['run'];
  let results: TensorInfo[] = [];
  try {
    results = [kernelFunc({ inputs: Object.fromEntries(tensors), attrs, backend })].flat();
    const fault = results.map((result) => findLie(result, kernelName)).find((lie) => lie);
    return fault ? { fault } : {};
  } catch (error) {
    const { message } = error as Error;
    const isWild = Object.values(inputs).some(({ wild }) => wild);
    const fault = findFault(kernelName, error, isWild);
    return { error: message, ...(fault ? { fault } : {}) };
  } finally {
    for (const { dataId } of results) backend.disposeData(dataId);
    for (const [, { dataId }] of tensors) backend.disposeData(dataId);
  }
}

function findFault(kernelName: string, error: unknown, isWild: boolean): string | undefined {
  if (!(error instanceof Error)) return `throws ${error}`;
  if (!error.message.includes(`${kernelName}(`)) return `does not name itself: ${error.message}`;
  // Shapes and types never reach ATen; values do, and it may refuse them.
  const reached = !isWild && error.message.includes('libtorch: ');
  const stumbled = /is not a function|not iterable|Cannot (read|destructure)|undefined/.test(error.message);
  return reached || stumbled ? error.message : undefined;
}

/** A result that is another tensor than it says. */
function findLie(result: TensorInfo, kernelName: string): string | undefined {
  const { shape, type } = addon.inspect(backend.handleOf(result));
  const isTrue =
    types[result.dtype] === type && (kernelName === 'Identity' || shape.join() === result.shape.join());
  return isTrue ? undefined : `says ${result.dtype} [${result.shape}] and is ${type} [${shape}]`;
}

function makeTensor({ dtype, shape, below = 2, wild, disposed }: FuzzedOperand, rng: Rng): TensorInfo {
  const size = shape.reduce((product, side) => product * side, 1) * (dtype === 'complex64' ? 2 : 1);
  const draw = () => {
    if (wild && rng.integer(4) === 0) return WILD[rng.integer(WILD.length)]!;
    return dtype === 'float32' || dtype === 'complex64' ? rng.uniform() : rng.integer(below);
  };
  const values = Array.from({ length: size }, draw);
  const dataId =
    dtype === 'complex64'
      ? makeComplex(values, shape)
      : backend.write((dtype === 'int32' ? Int32Array : Float32Array).from(values), [...shape], dtype);
  if (disposed) backend.disposeData(dataId);
  return { dataId, shape: [...shape], dtype };
}

function makeComplex(values: readonly number[], shape: readonly number[]) {
  const part = (odd: number) =>
    addon.fromHost(Float32Array.from(values.filter((_, i) => i % 2 === odd)), shape);
  const [real, imag] = [part(0), part(1)];
  const { dataId } = backend.adopt(addon.Complex(real, imag), shape, 'complex64');
  addon.drop(real);
  addon.drop(imag);
  return dataId;
}

function render({ inputs, attrs }: FuzzedCall): string {
  const tensors = Object.entries(inputs).map(
    ([name, { dtype, shape, disposed, wild }]) =>
      `${name} ${dtype} [${shape}]${disposed ? ' disposed' : ''}${wild ? ' wild' : ''}`,
  );
  return `(${tensors.join(', ')}) ${JSON.stringify(attrs)}`;
}
