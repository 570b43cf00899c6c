// Our MoCo step beside PyTorch's, all contenders taking turns in one call: images/s, peak memory, and the
// ratio to PyTorch as installed and to PyTorch tuned (channels_last, a caching malloc, all threads).
//
//   npx tsx bench/engine.ts --python python3 [--cases r18-224,r50-224] [--rounds 5] [--precisions fp32,bf16]
//                           [--device cpu|cuda] [--engines torch,wasm] [--json FILE]

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
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [i, contender] of contenders.entries()) {
      const { timesMs } = await contender.run(benchCase.stepsARound);
      if (round >= 0) times[i]!.push(...timesMs); // The round before the first warms up.
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
  const own = (engine: string, precision: string): ContenderSpec => ({
    name: `mocolab ${engine} ${precision}`,
    command: process.execPath,
    args: [ours, JSON.stringify({ ...shared, engine, precision })],
    env: {},
  });
  const peer = (tuned: boolean, precision: string): ContenderSpec => ({
    name: `PyTorch ${tuned ? 'tuned' : 'as installed'} ${precision}`,
    command: values.python,
    args: [locate('peer_torch.py'), JSON.stringify({ ...shared, tuned, precision })],
    env: tuned && values.preload ? { LD_PRELOAD: values.preload } : {},
  });
  return values.precisions
    .split(',')
    .flatMap((precision) => [
      ...values.engines.split(',').map((engine) => own(engine, precision)),
      ...(precision === 'fp32' ? [peer(false, precision)] : []),
      peer(true, precision),
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
