// Our MoCo step beside PyTorch's and TensorFlow's, all contenders taking turns in one call: images/s, peak memory, and
// the ratio to PyTorch as installed, to PyTorch tuned (channels_last, a caching malloc, all threads), and to TensorFlow.
// On CUDA our step takes part twice: as it is, and captured as a graph.
//
//   npx tsx bench/engine.ts --python python3 [--cases r18-224,r50-224] [--rounds 5] [--precisions fp32,bf16]
//                           [--device cpu|cuda] [--engines torch,tensorflow,wasm] [--json FILE]
//                           [--tensorflow PYTHON_THAT_HAS_IT] [--peers torch]

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measurePeak } from './convolution/measure-peak.ts';
import { type BenchCase, cases } from './engine/cases.ts';
import { compileOurs } from './engine/compile-ours.ts';
import { type Contender, type ContenderSpec, startContender } from './engine/contender.ts';
import { countStepOperations } from './engine/count-operations.ts';
import { type Result, renderResults } from './engine/render.ts';
import { summarise } from './measure.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: cases.map(({ name }) => name).join(',') },
    rounds: { type: 'string', default: '5' },
    precisions: { type: 'string', default: 'fp32,bf16' },
    engines: { type: 'string', default: 'torch' },
    device: { type: 'string', default: 'cpu' },
    python: { type: 'string', default: 'python3' },
    /** Of TensorFlow's peer; absent: it takes no part. */
    tensorflow: { type: 'string' },
    /** `torch`, or empty: PyTorch takes no part. */
    peers: { type: 'string', default: 'torch' },
    preload: { type: 'string', default: findCachingMalloc() },
    json: { type: 'string' },
  },
});
const threads = os.availableParallelism();
const ours = compileOurs();
process.once('exit', () => rmSync(path.dirname(ours), { recursive: true, force: true }));
/** GFLOP/s in float32; measured when all contenders rest. */
let peak: number | undefined;
const results: Result[] = [];
for (const name of values.cases.split(',')) {
  const found = cases.find((each) => each.name === name);
  if (!found) throw new Error(`No case ${name}; there are ${cases.map((each) => each.name).join(', ')}.`);
  results.push(...(await compare(found)));
  process.stdout.write(renderResults(results.filter((result) => result.case === found.title)));
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ threads, ...values, results }, null, 2)}\n`);

/** Starts every contender, lets them take turns, and stops them. */
async function compare(benchCase: BenchCase): Promise<Result[]> {
  const contenders: Contender[] = [];
  for (const spec of listContenders(benchCase)) contenders.push(await startContender(spec));
  const times = contenders.map((): number[] => []);
  const cpuTimes = contenders.map((): number[] => []);
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [i, contender] of contenders.entries()) {
      const { timesMs, cpuMs } = await contender.run(benchCase.stepsARound);
      if (round < 0) continue; // It warms up.
      times[i]!.push(...timesMs);
      cpuTimes[i]!.push(cpuMs);
    }
  }
  const found: Result[] = [];
  for (const [i, contender] of contenders.entries()) {
    const told = await contender.stop(); // One by one: a step is profiled.
    found.push({
      case: benchCase.title,
      contender: contender.name,
      ready: contender.ready,
      batch: benchCase.batch,
      ...summarise(times[i]!),
      cpuMs: summarise(cpuTimes[i]!).medianMs,
      ...told,
      ...compareWithPeak(benchCase, contender.name, told.where?.convolution),
    });
  }
  return found;
}

/** How near to the peak convolutions come, where that peak is the one of their precision. */
function compareWithPeak(benchCase: BenchCase, name: string, convolutionMs: number | undefined) {
  if (convolutionMs === undefined || values.device !== 'cpu' || !name.endsWith('fp32')) return {};
  peak ??= measurePeak(threads);
  return { convolutionShareOfPeak: countStepOperations(benchCase) / (convolutionMs * 1e6 * peak) };
}

function listContenders(benchCase: BenchCase): ContenderSpec[] {
  const shared = { ...benchCase, device: values.device, threads };
  const own = (engine: string, precision: string, graph: boolean): ContenderSpec => ({
    name: `mocolab ${engine} ${graph ? 'graph ' : ''}${precision}`,
    command: process.execPath,
    args: [ours, JSON.stringify({ ...shared, engine, precision, graph })],
    env: {},
  });
  const peer = (tuned: boolean, precision: string): ContenderSpec => ({
    name: `PyTorch ${tuned ? 'tuned' : 'as installed'} ${precision}`,
    command: values.python,
    args: [locate('peer_torch.py'), JSON.stringify({ ...shared, tuned, precision })],
    env: tuned && values.preload ? { LD_PRELOAD: values.preload } : {},
  });
  const tensorflow = (python: string, graph: boolean): ContenderSpec => ({
    name: `TensorFlow ${graph ? 'tf.function' : 'eager'} fp32`,
    command: python,
    args: [locate('peer_tensorflow.py'), JSON.stringify({ ...shared, graph })],
    env: {},
  });
  const python = values.tensorflow;
  return values.precisions.split(',').flatMap((precision) => [
    ...values.engines
      .split(',')
      .filter((engine) => engine === 'torch' || precision === 'fp32')
      .flatMap((engine) =>
        (engine === 'torch' && values.device === 'cuda' ? [false, true] : [false]).map((graph) =>
          own(engine, precision, graph),
        ),
      ),
    ...(values.peers === 'torch' && precision === 'fp32' ? [peer(false, precision)] : []),
    ...(values.peers === 'torch' ? [peer(true, precision)] : []),
    ...(python && precision === 'fp32' ? [tensorflow(python, false), tensorflow(python, true)] : []),
  ]);
}

function locate(file: string): string {
  return fileURLToPath(new URL(`./engine/${file}`, import.meta.url));
}

/** tcmalloc or jemalloc where Debian puts them. */
function findCachingMalloc(): string {
  const folder = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
  const names = ['libtcmalloc_minimal.so.4', 'libtcmalloc.so.4', 'libjemalloc.so.2'];
  return names.map((name) => `${folder}/${name}`).find((file) => existsSync(file)) ?? '';
}
