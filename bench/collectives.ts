// How fast two ranks on a core each sum a bucket, by its size: each way for tensors to travel in turns.
//
//   npx tsx bench/collectives.ts [--ranks 2] [--json FILE]

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Transport } from '../src/engine/collectives/collectives.ts';
import { createCollectives } from '../src/engine/collectives/create-collectives.ts';
import { createEngine } from '../src/engine/create-engine.ts';
import * as tf from '../src/engine/tf.ts';
import { summarise } from './measure.ts';
import { readOrder, runAsRanks } from './ranks/start.ts';

interface Task {
  readonly only?: Transport;
}

interface Answer {
  readonly transport: string;
  readonly rows: readonly { readonly bytes: number; readonly ms: number; readonly cpuMs: number }[];
}

/** The last but one are the gradients of ResNet-18 with MoCo v2's head. */
const SIZES = [4 << 10, 64 << 10, 1 << 20, 4 << 20, 25 << 20, 46_019_328, 100 << 20];
const ROUNDS = 15;
const TRANSPORTS = ['shared memory', 'gloo', 'tcp'] as const;

const order = readOrder<Task>();
if (order) process.stdout.write(`${JSON.stringify(await measure())}\n`);
else await compare();

async function compare(): Promise<void> {
  const { values } = parseArgs({
    options: { ranks: { type: 'string', default: '2' }, json: { type: 'string' } },
  });
  const answers: Answer[] = [];
  console.log(
    `all-reduce of float32, ${values.ranks} ranks; median ms, MB/s of the bucket, CPU ms of a rank`,
  );
  for (const only of TRANSPORTS) {
    const [answer] = (await runAsRanks<Task, Answer>(Number(values.ranks), { only })) as [Answer];
    answers.push(answer);
    const { transport, rows } = answer;
    for (const { bytes, ms, cpuMs } of rows) {
      const cells = [
        `${bytes / 1024} KB`.padStart(10),
        ms.toFixed(3).padStart(9),
        (bytes / 1000 / ms).toFixed(0).padStart(7),
      ];
      console.log(`${transport.padEnd(14)} ${cells.join(' ')} ${cpuMs.toFixed(3).padStart(9)}`);
    }
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(answers, null, 2)}\n`);
}

async function measure(): Promise<Answer> {
  const { rendezvous, task } = order!;
  const engine = await createEngine('torch', { device: 'cpu' });
  const collectives = await createCollectives({
    engine,
    ...(rendezvous ? { rendezvous } : {}),
    ...task,
    version: '',
    config: {},
    timeoutMs: 600_000,
  });
  const rows = [];
  for (const bytes of SIZES) {
    const tensor = tf.zeros([bytes / 4]);
    const times: number[] = [];
    let cpuMs = 0;
    for (let round = -3; round < ROUNDS; round++) {
      await collectives.barrier();
      const [started, cpu] = [performance.now(), process.cpuUsage()];
      tf.dispose(await collectives.allReduceSum([tensor]));
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue; // Warms up.
      times.push(performance.now() - started);
      cpuMs += (user + system) / 1000 / ROUNDS;
    }
    tensor.dispose();
    rows.push({ bytes, ms: summarise(times).medianMs, cpuMs });
  }
  await collectives.close();
  return { transport: collectives.transport, rows };
}
