// A real worker with one fault, which $FAULT describes as JSON: on rank `rank`, the `after`-th time that it comes to
// `at` (forward, allReduce, save), it is killed or hangs (`how`).

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { register } from 'tsx/esm/api';

const { rank, at, after, how } = JSON.parse(process.env.FAULT);
let own = -1;
let times = 0;
process.on('message', (message) => {
  if (message.type === 'run') own = message.order.rank.rendezvous.rank;
});

function strike() {
  if (own !== rank || ++times < after) return;
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** The addon's functions are called by name: what stands there is called. */
const { dlopen } = process;
process.dlopen = (module, ...rest) => {
  dlopen.call(process, module, ...rest);
  const { Conv2D, sumOverRanks } = module.exports;
  if (!Conv2D || !sumOverRanks) return;
  if (at === 'forward') {
    module.exports.Conv2D = (...args) => {
      strike();
      return Conv2D(...args);
    };
  }
  if (at === 'allReduce') {
    // A thread of the addon exchanges while this one goes on.
    module.exports.sumOverRanks = (...args) => {
      const sums = sumOverRanks(...args);
      strike();
      return sums;
    };
  }
};

if (at === 'save') {
  const { openSync, writeSync } = fs;
  const checkpoints = new Set();
  fs.openSync = (file, ...rest) => {
    const descriptor = openSync(file, ...rest);
    if (/checkpoint_.*\.tmp$/.test(String(file))) checkpoints.add(descriptor);
    return descriptor;
  };
  fs.writeSync = (descriptor, ...rest) => {
    const written = writeSync(descriptor, ...rest);
    if (checkpoints.delete(descriptor)) strike();
    return written;
  };
  syncBuiltinESMExports();
}

register();
await import('../../src/worker/main.ts');
