// Real trainings on two ranks, of which one is killed or hangs where it hurts: the failure is that rank's, nothing is
// left, and the next run goes on to the bits of a run that nothing happened to.

import { beforeAll, describe, expect, test } from 'vitest';
import { availableEngines } from '../helpers/available-engines.ts';
import { causeFault, type Fault, readTraining, STAGE, writeTraining } from '../helpers/faulty-training.ts';
import { listProcessesIn, listSharedMemory, listUnfinished } from '../helpers/list-remains.ts';
import { makeFolder, makeSharedFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

function run(folder: string, fault?: Fault, ...more: readonly string[]) {
  writeTraining(folder, { engine: 'torch', launch: 'retries: 0' });
  const devices = ['--devices', 'cpu:2', '--devices-per-trial', '2'];
  const args = ['run', 'demo.yaml', '--only', 'pretrain', ...devices, ...more];
  return runCli(args, { cwd: folder, env: causeFault(fault) });
}

const note = availableEngines.includes('torch') ? '' : ' (SKIPPED: the engine torch is not installed)';

describe.skipIf(note)(`a rank${note}`, () => {
  let whole: ReturnType<typeof readTraining>;
  beforeAll(async () => {
    const folder = makeSharedFolder();
    expect((await run(folder)).code).toBe(0);
    whole = readTraining(folder);
  });

  test.each<[string, Fault]>([
    ['is killed in a forward pass', { rank: 1, at: 'forward', after: 600, how: 'kill' }],
    ['is killed in the middle of an all-reduce', { rank: 1, at: 'allReduce', after: 15, how: 'kill' }],
    ['is killed while it saves', { rank: 0, at: 'save', after: 2, how: 'kill' }],
  ])('that %s is the failure, and the next run comes to the same bits', async (_, fault) => {
    const folder = makeFolder();
    const memory = listSharedMemory();
    const { code, stdout } = await run(folder, fault);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `  LAUNCH_WORKER_KILLED\n  Expected rank ${fault.rank} of ${STAGE} to report its end but it was killed by SIGKILL.`,
    );
    expect(listProcessesIn(folder)).toEqual([]);
    expect(listSharedMemory()).toEqual(memory);
    // What it was writing stays until the next run, which alone knows that nobody writes there.
    const unfinished =
      fault.at === 'save' ? [expect.stringMatching(/\/\.checkpoint_0001\.pth\.tar\.\d+\.tmp$/)] : [];
    expect(listUnfinished(folder)).toEqual(unfinished);
    const again = await run(folder);
    expect([again.code, listUnfinished(folder)]).toEqual([0, []]);
    expect(readTraining(folder)).toEqual(whole);
  });

  test('that hangs is named by the others after launch.stallTimeout, and ended', async () => {
    const folder = makeFolder();
    const fault: Fault = { rank: 1, at: 'allReduce', after: 15, how: 'hang' };
    // Long enough for a rank that only has to wait for the machine.
    const { code, stdout } = await run(folder, fault, '--set', 'launch.stallTimeout=8');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      / {2}RANK_STALLED\n {2}Expected all ranks to come to \w+ within 8 s but rank 1 \(process \d+ on .+\) did not\.\n/,
    );
    expect([listProcessesIn(folder), listUnfinished(folder)]).toEqual([[], []]);
  });
});
