// How ranks find each other, and every reason for which they don't. Real sockets, all ranks in this process.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Problem, ProblemError } from '../../src/core/problem.ts';
import { connectMesh, openDoorway } from '../../src/engine/collectives/mesh/connect-mesh.ts';
import { attend } from '../../src/engine/collectives/rendezvous/attend.ts';
import type { Hello, Peer } from '../../src/engine/collectives/rendezvous/hello.ts';
import {
  type MeetingPlace,
  openMeetingPlace,
} from '../../src/engine/collectives/rendezvous/meeting-place.ts';
import { type Rendezvous, readLaunchedRank } from '../../src/engine/collectives/rendezvous/rendezvous.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { findFreePort } from '../helpers/launch-ranks.ts';

const LONG_MS = 60_000;
const SHORT_MS = 400;

function makeHello(rank: number, change: Partial<Hello> = {}): Hello {
  return {
    protocolVersion: 1,
    version: '1.0.0',
    token: '',
    rank,
    ranks: 2,
    engine: 'cpu',
    config: { epochs: 200, optimizer: { lr: 0.03 } },
    host: `node${rank}`,
    machine: 'kernel and processes',
    pid: 100 + rank,
    port: 4000 + rank,
    transports: [],
    ...change,
  };
}

function come({ host, port, token }: MeetingPlace, hello: Hello) {
  const { rank, ranks } = hello;
  const said = hello.token ? hello : { ...hello, token };
  return attend({ host, port, token, rank, ranks, heldByRank0: false }, said, LONG_MS);
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProblemError) return error.problems[0]!;
  throw new Error(`Expected a problem, not ${error}`);
}

test('ranks that belong together hear of each other, in rank order, and of one secret', async () => {
  const place = await openMeetingPlace({ ranks: 2, timeoutMs: LONG_MS });
  const [one, zero] = await Promise.all([come(place, makeHello(1)), come(place, makeHello(0))]);
  expect(one.peers.map(({ rank, host, port }) => [rank, host, port])).toEqual([
    [0, 'node0', 4000],
    [1, 'node1', 4001],
  ]);
  expect(one).toEqual(zero);
  expect(one.session).toMatch(/^[0-9a-f]{32}$/);
  expect(JSON.stringify(one)).not.toContain(place.token);
  await place.met;
});

const FROM_TO =
  'Expected all ranks to have one config but from rank 0 on node0 to rank 1 on node1 there differs';
test.each<[string, Partial<Hello>, Problem]>([
  [
    'version',
    { version: '1.1.0', protocolVersion: 2 },
    {
      code: 'RENDEZVOUS_OTHER_VERSION',
      message:
        'Expected all ranks to run one version of mocolab but rank 0 on node0 runs 1.0.0 (protocol 1) and rank 1 on node1 runs 1.1.0 (protocol 2).',
      hint: 'Install the same version on every machine.',
    },
  ],
  [
    'config',
    { config: { epochs: 200, optimizer: { lr: 0.06 } } },
    {
      code: 'RENDEZVOUS_OTHER_CONFIG',
      message: `${FROM_TO}: optimizer.lr 0.03 -> 0.06.`,
      hint: 'Start every rank with the same file and options.',
    },
  ],
  [
    'engine',
    { engine: 'wasm' },
    {
      code: 'RENDEZVOUS_OTHER_ENGINE',
      message:
        'Expected all ranks to run one engine but rank 0 on node0 runs cpu and rank 1 on node1 runs wasm.',
      hint: 'Name the engine with --engine, and see `moco doctor` on each machine.',
    },
  ],
  [
    'number of ranks',
    { ranks: 4 },
    {
      code: 'RENDEZVOUS_OTHER_SIZE',
      message: 'Expected all ranks to expect as many but rank 0 expects 2 and rank 1 expects 4.',
      hint: 'WORLD_SIZE must be the same for all, and two jobs on one machine need different ports.',
    },
  ],
  [
    'rank that is there twice',
    { rank: 0 },
    {
      code: 'RENDEZVOUS_DUPLICATE_RANK',
      message:
        'Expected every rank once but rank 0 came twice: process 100 on node0 and process 101 on node1.',
      hint: 'RANK must differ from process to process, and two jobs on one machine need different ports.',
    },
  ],
])('another %s is refused on both sides, with the difference', async (_, change, problem) => {
  const place = await openMeetingPlace({ ranks: 2, timeoutMs: LONG_MS });
  const first = come(place, makeHello(0));
  const second = come(place, makeHello(1, change));
  expect(await Promise.all([first, second, place.met].map(problemOf))).toEqual([problem, problem, problem]);
});

test('a rank that does not come is named to all who did', async () => {
  const place = await openMeetingPlace({ ranks: 2, timeoutMs: SHORT_MS });
  const problem = {
    code: 'RENDEZVOUS_RANKS_MISSING',
    message: 'Expected 2 ranks to meet within 0.4 s but rank 0 did not come.',
    hint: 'See the logs of these ranks. Across machines, the port of rank 0 must be reachable. A larger launch.stallTimeout waits longer.',
  };
  expect(await problemOf(come(place, makeHello(1)))).toEqual(problem);
  expect(await problemOf(place.met)).toEqual(problem);
});

test('a rank that ends while it waits is named to the others at once', async () => {
  const place = await openMeetingPlace({ ranks: 3, timeoutMs: LONG_MS });
  const waiting = come(place, makeHello(0, { ranks: 3 }));
  const socket = connect(place.port, place.host);
  socket.end(`${JSON.stringify(makeHello(1, { ranks: 3, token: place.token }))}\n`);
  expect(await problemOf(waiting)).toEqual({
    code: 'RENDEZVOUS_RANK_LEFT',
    message:
      'Expected all ranks to meet but rank 1 (process 101 on node1) ended while it waited for the others.',
    hint: 'The failure is that rank’s: see its log.',
  });
});

test.each([
  ['a browser', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a rank of another job', `${JSON.stringify(makeHello(0, { token: 'other' }))}\n`],
  ['whoever sends no end of a line', 'x'.repeat(2 ** 21)],
])('%s is turned away, and the ranks meet all the same', async (_, text) => {
  const place = await openMeetingPlace({ ranks: 2, timeoutMs: LONG_MS });
  const socket = connect(place.port, place.host);
  socket.on('error', () => {}).resume();
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve)); // `once` would reject where it is reset.
  await Promise.all([come(place, makeHello(1)), come(place, makeHello(0))]);
});

test('whoever comes to a place that is not theirs is told that it is not', async () => {
  const place = await openMeetingPlace({ ranks: 2, timeoutMs: LONG_MS });
  const problem = await problemOf(come(place, makeHello(0, { token: 'other' })));
  place.close();
  expect(problem).toEqual({
    code: 'RENDEZVOUS_TURNED_AWAY',
    message: `Expected rank 0 to meet the others at 127.0.0.1:${place.port} but whoever listens there ended the connection.`,
    hint: 'Another program, another job, or a rank 0 that ended: see its log. Two jobs on one machine need different ports.',
  });
});

test('a port that another program has is refused to rank 0', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const rendezvous = { host: '127.0.0.1', port, token: '', rank: 0, ranks: 2, heldByRank0: true };
  const problem = await problemOf(attend(rendezvous, makeHello(0), LONG_MS));
  server.close();
  expect(problem).toEqual({
    code: 'RENDEZVOUS_PORT',
    message: `Expected rank 0 to listen on 127.0.0.1:${port} but another program does already.`,
    hint: 'Choose a free port with MASTER_PORT, another for each job on this machine.',
  });
  const reported = await problemOf(openMeetingPlace({ ranks: 2, timeoutMs: LONG_MS, host: '192.0.2.1' }));
  expect(reported.message).toBe("Expected rank 0 to listen on 192.0.2.1:0 but it can't (EADDRNOTAVAIL).");
  expect(reported.hint).toBe(
    'MASTER_ADDR must be an address of the machine of rank 0, and MASTER_PORT a free port above 1023.',
  );
});

test('where rank 0 holds the meeting place, the others wait for it to open', async () => {
  const port = await findFreePort();
  const rendezvous = { host: '127.0.0.1', port, token: '', ranks: 2, heldByRank0: true };
  const early = attend({ ...rendezvous, rank: 1 }, makeHello(1), LONG_MS);
  const late = attend({ ...rendezvous, rank: 0 }, makeHello(0), LONG_MS);
  expect((await early).session).toBe((await late).session);
});

test('where nobody opens it, a rank says so', async () => {
  const port = await findFreePort();
  const rendezvous = { host: '127.0.0.1', port, token: '', rank: 1, ranks: 2, heldByRank0: true };
  expect(await problemOf(attend(rendezvous, makeHello(1), SHORT_MS))).toEqual({
    code: 'RENDEZVOUS_UNREACHABLE',
    message: `Expected rank 1 to reach the meeting place 127.0.0.1:${port} but nobody listens there (ECONNREFUSED).`,
    hint: 'Rank 0 opens it: see its log. Across machines, its port must be reachable.',
  });
});

/** Rank 1 of two that have met, about to connect with a rank 0 on this port; or rank 0. */
async function connectTo(port: number, rank: number) {
  const rendezvous: Rendezvous = {
    host: '127.0.0.1',
    port: 1,
    token: '',
    rank,
    ranks: 2,
    heldByRank0: false,
  };
  const peers = [0, 1].map((each): Peer => {
    const { config, token, ...hello } = makeHello(each, { port });
    return { ...hello, address: '127.0.0.1' };
  });
  const doorway = await openDoorway(rendezvous);
  return connectMesh({ rendezvous, doorway, met: { session: 's', peers }, timeoutMs: SHORT_MS });
}

test('a rank that does not answer, or does not call, is named', async () => {
  const port = await findFreePort();
  expect(await problemOf(connectTo(port, 1))).toEqual({
    code: 'RENDEZVOUS_NO_ANSWER',
    message: `Expected rank 0 (process 100 on node0) to answer on 127.0.0.1:${port} but it does not (ECONNREFUSED).`,
    hint: 'Where it has ended, see its log. Across machines, every rank must be reachable from every other on all ports.',
  });
  expect(await problemOf(connectTo(port, 0))).toEqual({
    code: 'RENDEZVOUS_NO_CALL',
    message:
      'Expected every rank to be connected with rank 0 within 0.4 s but there is no connection with rank 1 (process 101 on node1).',
    hint: 'Across machines, every rank must be reachable from every other on all ports. A larger launch.stallTimeout waits longer.',
  });
});

const launched = { MASTER_ADDR: 'node7', MASTER_PORT: '29500', RANK: '3', WORLD_SIZE: '4', LOCAL_RANK: '1' };

test('a launcher tells a rank by its environment where to meet and which device is its own', () => {
  expect(readLaunchedRank(launched)).toEqual({
    rendezvous: {
      host: 'node7',
      port: 29500,
      rank: 3,
      ranks: 4,
      token: '',
      heldByRank0: true,
      acrossMachines: true,
    },
    localRank: 1,
    localRanks: 1,
  });
});

test('ranks are on one machine where its loopback is their place and the launcher counts all of them there', () => {
  const local = { ...launched, MASTER_ADDR: 'localhost', LOCAL_WORLD_SIZE: '4' };
  expect(readLaunchedRank(local)).toMatchObject({ localRanks: 4, rendezvous: { acrossMachines: false } });
  const alone = { ...local, LOCAL_WORLD_SIZE: '2' };
  expect(readLaunchedRank(alone)).toMatchObject({ localRanks: 2, rendezvous: { acrossMachines: true } });
});

test('rank 0 that is told localhost, as in a PyTorchJob, is reached by ranks that know another address of it', async () => {
  const port = await findFreePort();
  const place = { port, token: '', ranks: 2, heldByRank0: true, acrossMachines: true };
  const join = async (rank: number, host: string) => {
    const rendezvous = { ...place, rank, host };
    const doorway = await openDoorway(rendezvous);
    const met = await attend(rendezvous, makeHello(rank, { port: doorway.port }), LONG_MS);
    return connectMesh({ rendezvous, doorway, met, timeoutMs: LONG_MS });
  };
  const [zero, one] = await Promise.all([join(0, 'localhost'), join(1, '127.0.0.2')]);
  expect([...zero.keys(), ...one.keys()]).toEqual([1, 0]);
  for (const link of [...zero.values(), ...one.values()]) link.destroy();
});

test('where torchrun keeps a store of its own at MASTER_PORT, ranks meet on the next port', () => {
  const env = { ...launched, TORCHELASTIC_USE_AGENT_STORE: 'True' };
  expect(readLaunchedRank(env).rendezvous.port).toBe(29501);
});

describe('a rank that srun has started', () => {
  // Of task 4 of `srun --nodes 3 --ntasks 5` in a job of three nodes.
  const step = {
    SLURM_JOB_ID: '4021',
    SLURM_STEP_ID: '2',
    SLURM_PROCID: '4',
    SLURM_LOCALID: '0',
    SLURM_NODEID: '2',
    SLURM_STEP_NUM_TASKS: '5',
    SLURM_STEP_TASKS_PER_NODE: '2(x2),1',
    SLURM_STEP_NODELIST: 'gpu[007-008,011]',
  };

  test('knows from Slurm who it is and where to meet, the same place as the others', () => {
    const place = { host: 'gpu007', port: 16_002, ranks: 5, acrossMachines: true };
    expect(readLaunchedRank(step)).toMatchObject({
      rendezvous: { ...place, rank: 4 },
      localRank: 0,
      localRanks: 1,
    });
    const third = { ...step, SLURM_PROCID: '3', SLURM_LOCALID: '1', SLURM_NODEID: '1' };
    expect(readLaunchedRank(third)).toMatchObject({
      rendezvous: { ...place, rank: 3 },
      localRank: 1,
      localRanks: 2,
    });
  });

  test('meets on the loopback where all tasks are on one node, and where MASTER_ADDR says', () => {
    const nodes = {
      SLURM_NODEID: '0',
      SLURM_STEP_TASKS_PER_NODE: '5',
      SLURM_STEP_NODELIST: 'login.site.org',
    };
    const { rendezvous, localRanks } = readLaunchedRank({ ...step, ...nodes });
    expect([rendezvous.host, rendezvous.acrossMachines, localRanks]).toEqual(['127.0.0.1', false, 5]);
    expect(readLaunchedRank({ ...step, SLURM_CPUS_PER_TASK: '6' }).cores).toBe(6);
    const own = { ...step, MASTER_ADDR: '10.0.0.9', MASTER_PORT: '4000' };
    expect(readLaunchedRank(own).rendezvous).toMatchObject({ host: '10.0.0.9', port: 4000, rank: 4 });
    const single = { ...step, SLURM_STEP_NODELIST: 'a7,b[1-2]' };
    expect(readLaunchedRank(single).rendezvous.host).toBe('a7');
  });

  test('is none outside of a step: a batch script’s own line is refused, not task 0 of all', () => {
    const { SLURM_STEP_ID, SLURM_STEP_NUM_TASKS, ...script } = step;
    expect(catchProblems(() => readLaunchedRank(script))[0]!.message).toContain('RANK is not set');
  });
});

test('all that is wrong with the environment is told at once', () => {
  const problems = catchProblems(() => readLaunchedRank({ MASTER_PORT: 'http', RANK: '4', WORLD_SIZE: '4' }));
  expect(problems).toEqual([
    {
      code: 'RENDEZVOUS_ENV',
      message:
        'Expected the environment to say where the ranks meet but MASTER_ADDR is not set; RANK is "4", not a whole number from 0 to 3; MASTER_PORT is "http", not a whole number from 1 to 65534.',
      hint: 'torchrun --no_python and a PyTorchJob set these, and what srun tells does as well: start the ranks with one of them, not by hand.',
    },
  ]);
});
