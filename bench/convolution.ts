// How fast each convolution of the networks is, forward and both gradients: GFLOP/s, the share of the machine's
// peak, and the ratio to PyTorch's (channels_last). Both take turns at each pass, in one call.
//
//   npx tsx bench/convolution.ts --python python3 [--networks r18-224,r50-224] [--repeats 5] [--json FILE]

import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { createEngine } from '../src/engine/create-engine.ts';
import {
  countOperations,
  describeLayer,
  type Layer,
  listLayers,
  networkNames,
} from './convolution/layers.ts';
import { measurePeak } from './convolution/measure-peak.ts';
import { startContender } from './engine/contender.ts';
import { summarise } from './measure.ts';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: networkNames.join(',') },
    repeats: { type: 'string', default: '5' },
    python: { type: 'string', default: 'python3' },
    json: { type: 'string' },
  },
});
const threads = os.availableParallelism();
const repeats = Number(values.repeats);
const layers = values.networks.split(',').flatMap(listLayers);
const passes = ['forward', 'input gradient', 'filter gradient'] as const;
const peak = measurePeak(threads);
await createEngine('torch');
const peer = await startContender({
  name: 'PyTorch',
  command: values.python,
  args: [locate('peer_torch.py'), JSON.stringify({ layers, threads, repeats })],
  env: {},
});

const results: Result[] = [];
console.log(`peak ${peak.toFixed(0)} GFLOP/s on ${threads} threads; beside ${peer.ready.ready}\n`);
console.log(
  `| ${['network and convolution', 'pass', 'ms', 'GFLOP/s', 'of peak', 'PyTorch ms', 'ratio'].join(' | ')} |`,
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const [i, layer] of layers.entries())
  for (const [j, pass] of passes.entries()) {
    if (j === 1 && layer.inputs === 3) continue; // Nobody asks for the gradient of the pictures.
    const ours = summarise(timePass(layer, j)).medianMs;
    const theirs = summarise((await peer.run(3 * i + j)).timesMs).medianMs;
    const result = { layer, pass, ours, theirs, gflops: countOperations(layer) / ours / 1e6 };
    results.push(result);
    console.log(renderResult(result));
  }
await peer.stop();
for (const network of values.networks.split(',')) console.log(renderTotal(network));
if (values.json) writeFileSync(values.json, `${JSON.stringify({ threads, peak, results }, null, 2)}\n`);

interface Result {
  readonly layer: Layer;
  readonly pass: string;
  /** Medians in ms. */
  readonly ours: number;
  readonly theirs: number;
  readonly gflops: number;
}

/** Times in ms of one pass of our engine, after one that warms up. */
function timePass({ batch, size, inputs, outputs, kernel, stride, padding }: Layer, pass: number): number[] {
  const x = tf.randomNormal([batch, size, size, inputs]);
  const filter = tf.randomNormal([kernel, kernel, inputs, outputs]);
  const attrs = { strides: stride, pad: padding, dataFormat: 'NHWC', dilations: 1 };
  const run = (name: string, given: tf.NamedTensorMap, more: object = {}) =>
    tf.engine().runKernel(name, given, { ...attrs, ...more }) as tf.Tensor;
  const dy = run('Conv2D', { x, filter });
  const compute = [
    () => run('Conv2D', { x, filter }),
    () => run('Conv2DBackpropInput', { dy, filter }, { inputShape: x.shape }),
    () => run('Conv2DBackpropFilter', { x, dy }, { filterShape: filter.shape }),
  ][pass]!;
  compute().dispose();
  const times = Array.from({ length: repeats }, () => {
    const started = performance.now();
    const result = compute();
    const elapsed = performance.now() - started;
    result.dispose();
    return elapsed;
  });
  tf.dispose([x, filter, dy]);
  return times;
}

function renderResult({ layer, pass, ours, theirs, gflops }: Result): string {
  const share = `${((100 * gflops) / peak).toFixed(0)}%`;
  const cells = [
    `${layer.network}: ${describeLayer(layer)}`,
    pass,
    ours.toFixed(1),
    gflops.toFixed(0),
    share,
  ];
  return `| ${[...cells, theirs.toFixed(1), (theirs / ours).toFixed(2)].join(' | ')} |`;
}

/** All convolutions of one training pass over a network, each as often as it is there. */
function renderTotal(network: string): string {
  const own = results.filter(({ layer }) => layer.network === network);
  const sum = (timeOf: (result: Result) => number) =>
    own.reduce((total, result) => total + result.layer.count * timeOf(result), 0);
  const [ours, theirs] = [sum(({ ours }) => ours), sum(({ theirs }) => theirs)];
  const share = sum(({ layer }) => countOperations(layer)) / ours / 1e6 / peak;
  return `\n${network}: ${ours.toFixed(0)} ms, ${(100 * share).toFixed(0)}% of peak; PyTorch ${theirs.toFixed(0)} ms, ratio ${(theirs / ours).toFixed(2)}`;
}

function locate(file: string): string {
  return fileURLToPath(new URL(`./convolution/${file}`, import.meta.url));
}
