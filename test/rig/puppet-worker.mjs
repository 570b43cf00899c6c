// Plays the worker's part in tests of the launcher: speaks the protocol, and does to each stage what
// the file $PUPPETS says (stage id -> behaviour; else it succeeds at once).

import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const PROTOCOL_VERSION = 2;
const behaviours = JSON.parse(readFileSync(process.env.PUPPETS, 'utf8'));

process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});
// A stop may come before the order: the parent does not wait for the worker to start.
let stopped = false;
let onStop = () => {};
process.on('message', (message) => {
  if (message.type === 'run') play(message.order);
  if (message.type === 'stop') stop();
});
for (const name of ['SIGTERM', 'SIGUSR1']) process.on(name, stop);
function stop() {
  stopped = true;
  onStop();
}
const version = behaviours.protocolVersion ?? PROTOCOL_VERSION;
process.send({ type: 'hello', protocolVersion: version, pid: process.pid });

function play(order) {
  console.log(`puppet plays ${order.stage.id}`);
  // `stage#1` is for rank 1 alone.
  const { id } = order.stage;
  const behaviour = behaviours[`${id}#${order.rank?.rendezvous.rank}`] ?? behaviours[id] ?? 'succeed';
  switch (behaviour) {
    case 'succeed':
      return end({ type: 'done', result: succeed(order) });
    case 'fail':
      return end({
        type: 'failed',
        problem: { code: 'PUPPET_FAILED', message: 'Told to fail.', hint: 'Tell it otherwise.' },
      });
    case 'throw':
      return end({ type: 'crashed', message: 'puppet threw', stack: 'Error: puppet threw' });
    case 'exit':
      return process.exit(3);
    case 'die':
      return process.kill(process.pid, 'SIGKILL');
    case 'die twice':
      return countTries(order) <= 2
        ? process.kill(process.pid, 'SIGKILL')
        : end({ type: 'done', result: succeed(order) });
    case 'further each time':
      return goFurther(order);
    case 'exhaust':
      return exhaust();
    case 'hang':
      process.send({ type: 'progress', progress: { phase: 'hang', done: 1, total: 2, meters: {} } });
      onStop = () => end({ type: 'stopped' });
      if (stopped) onStop();
      return;
    case 'stubborn':
      process.send({ type: 'progress', progress: { phase: 'hang', done: 1, total: 2, meters: {} } });
      return;
    default:
      if (behaviour.startsWith('throw ')) {
        const message = behaviour.slice('throw '.length);
        return end({ type: 'crashed', message, stack: message });
      }
      throw new Error(`Unknown behaviour ${behaviour}.`);
  }
}

/** How often this stage was started in this folder, this time included. */
function countTries({ folder }) {
  const file = path.join(folder, 'tries');
  appendFileSync(file, '.');
  return readFileSync(file).length;
}

/** Loses its device at 10 %, 20 %, ... of its work, each time further than the last; then it succeeds. */
function goFurther(order) {
  const tries = countTries(order);
  if (tries > 6) return end({ type: 'done', result: succeed(order) });
  process.send({ type: 'progress', progress: { phase: 'train', done: tries, total: 10, meters: {} } });
  end({ type: 'crashed', message: 'CUDA error: an illegal memory access was encountered', stack: '' });
}

/** Fills the heap until V8 gives up. */
function exhaust() {
  const held = [];
  for (;;) held.push(new Array(100_000).fill(held.length));
}

function succeed({ stage, folder }) {
  const text = `made by ${stage.id}`;
  writeFileSync(path.join(folder, 'out.txt'), text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return {
    metrics: { top1: 50 + (stage.trial ?? 0), top5: 90 },
    outputs: [{ path: 'out.txt', bytes: text.length, sha256 }],
    images: 100,
    imagesPerSecond: 10,
    peakMemoryBytes: 1000,
    warnings: [],
  };
}

function end(message) {
  process.send(message, undefined, undefined, () => process.exit(0));
}
