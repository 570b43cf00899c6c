// What a second rank brings: whole MoCo v2 steps of one recipe on one rank and on two, each rank on one core, taking
// turns. Images/s, their ratio, the share of a step that a rank waits, and CPU time, which tells what limits it.
//
//   npx tsx bench/data-parallel.ts [--cases cifar,r18-32,r18-224] [--rounds 5] [--json FILE]

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { summarise } from './measure.ts';
import { readOrder, runAsRanks } from './ranks/start.ts';
import { type Answer, type Task, trainSteps } from './ranks/train-steps.ts';

/** ResNet-18 with 11 million weights: the fewer pixels, the more of a step is updates, which no rank is spared. */
const CASES: { readonly [name: string]: Task } = {
  cifar: { stem: 'cifar', size: 32, batch: 128, steps: 3 },
  'r18-32': { stem: 'imagenet', size: 32, batch: 128, steps: 10 },
  'r18-224': { stem: 'imagenet', size: 224, batch: 32, steps: 3 },
};

const CONTENDERS: readonly { readonly ranks: number; readonly change: Partial<Task> }[] = [
  { ranks: 1, change: {} },
  { ranks: 2, change: {} },
  { ranks: 2, change: { only: 'tcp' } },
];

interface Row {
  readonly case: string;
  readonly ranks: number;
  readonly transport: string;
  readonly msAStep: { readonly medianMs: number; readonly minMs: number; readonly maxMs: number };
  readonly imagesPerSecond: number;
  /** Images/s, as a multiple of one rank's. */
  readonly timesOneRank: number;
  readonly waitPct: number;
  readonly cpuMsARankAndStep: number;
}

const order = readOrder<Task>();
if (order) process.stdout.write(`${JSON.stringify(await trainSteps(order))}\n`);
else await compareAll();

async function compareAll(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: Object.keys(CASES).join(',') },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
    },
  });
  const rows: Row[] = [];
  console.log(
    'case      ranks  transport      ms a step            images/s  ratio  waits  CPU ms a rank and step',
  );
  for (const name of values.cases.split(',')) {
    for (const row of await compare(name, Number(values.rounds))) {
      rows.push(row);
      console.log(render(row));
    }
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
}

async function compare(name: string, rounds: number): Promise<Row[]> {
  const task = CASES[name];
  if (!task) throw new Error(`Expected cases of ${Object.keys(CASES).join(', ')} but received ${name}.`);
  const answers: Answer[][][] = CONTENDERS.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, { ranks, change }] of CONTENDERS.entries())
      answers[i]!.push(await runAsRanks<Task, Answer>(ranks, { ...task, ...change }));
  // All ranks take as long as the slowest.
  const times = answers.map((each) =>
    summarise(each.map((all) => Math.max(...all.map((one) => one.msAStep)))),
  );
  const medianOf = (each: Answer[][], read: (one: Answer) => number) =>
    summarise(each.flat().map(read)).medianMs;
  return CONTENDERS.map(({ ranks }, i) => ({
    case: name,
    ranks,
    transport: answers[i]![0]![0]!.transport,
    msAStep: times[i]!,
    imagesPerSecond: (1000 * task.batch) / times[i]!.medianMs,
    timesOneRank: times[0]!.medianMs / times[i]!.medianMs,
    waitPct: 100 * medianOf(answers[i]!, (one) => one.waitShare),
    cpuMsARankAndStep: medianOf(answers[i]!, (one) => one.cpuMsAStep),
  }));
}

function render(row: Row): string {
  const { medianMs, minMs, maxMs } = row.msAStep;
  return [
    row.case.padEnd(9),
    `${row.ranks}`.padEnd(6),
    row.transport.padEnd(14),
    `${medianMs.toFixed(0)} (${minMs.toFixed(0)} to ${maxMs.toFixed(0)})`.padEnd(20),
    row.imagesPerSecond.toFixed(1).padStart(8),
    row.timesOneRank.toFixed(2).padStart(6),
    `${row.waitPct.toFixed(1)}%`.padStart(6),
    row.cpuMsARankAndStep.toFixed(0).padStart(8),
  ].join(' ');
}
