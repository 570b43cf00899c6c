// How long `moco validate` and `moco plan` take on every shipped file, each as a process of its own.
// That they never load TensorFlow is a rule of .dependency-cruiser.cjs.

import { readdirSync } from 'node:fs';
import { renderMs, timeMoco } from './measure.ts';

const LIMIT_MS = 400;
const RUNS = 7;

const files = ['configs', 'configs/cifar10', 'experiments'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);
let slowest = 0;
for (const file of files) {
  const judged = /^configs.*(lincls|knn|detection)/.test(file) ? ['--pretrained', 'encoder.safetensors'] : [];
  const validate = timeMoco(['validate', file], RUNS);
  const plan = timeMoco(['plan', file, ...judged], RUNS);
  slowest = Math.max(slowest, validate.medianMs, plan.medianMs);
  console.log(`${file.padEnd(38)} validate ${renderMs(validate)}   plan ${renderMs(plan)}`);
}
console.log(
  `slowest median ${slowest.toFixed(0)} ms, limit ${LIMIT_MS} ms: ${slowest < LIMIT_MS ? 'held' : 'NOT HELD'}`,
);
process.exitCode = slowest < LIMIT_MS ? 0 : 1;
