#!/usr/bin/env node
// A puppet in the place of a Python with Detectron2. It trains nothing and its numbers are made up: it answers
// whether it has the package, notes how it was called, and writes a log in Detectron2's form. How it ends is in
// $PUPPET_DETECTRON: well, silent (no precisions), failing, or waiting for a signal.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const args = process.argv.slice(2);
if (args[0] === '-c') process.exit(args[1].includes('detectron2') ? 0 : 1);

const end = process.env.PUPPET_DETECTRON ?? 'well';
const output = args[args.indexOf('OUTPUT_DIR') + 1];
mkdirSync(output, { recursive: true });
writeFileSync(path.join(output, 'call.json'), JSON.stringify({ args, cwd: process.cwd() }));
const say = (logger, text) => console.log(`[05/03 10:16:02 d2.${logger}]: ${text}`);

writeFileSync(path.join(output, 'last_checkpoint'), 'model_0000039.pth');
say('engine.train_loop', 'Starting training from iteration 0');
for (const iteration of [19, 39])
  say(
    'utils.events',
    ` eta: 0:00:01  iter: ${iteration}  total_loss: 3.512  loss_cls: 3.071  loss_box_reg: 0.021  lr: 0.0039  max_mem: 5600M`,
  );
if (end === 'waiting') {
  say('engine.train_loop', 'waiting');
  setInterval(() => {}, 1000);
} else if (end === 'failing') {
  console.error('RuntimeError: CUDA error: no kernel image is available');
  process.exit(1);
} else if (end === 'well') {
  say('engine.defaults', 'Evaluation results for voc_2007_test in csv format:');
  say('evaluation.testing', 'copypaste: Task: bbox');
  say('evaluation.testing', 'copypaste: AP,AP50,AP75');
  say('evaluation.testing', 'copypaste: 11.1250,33.3750,22.2500');
}
