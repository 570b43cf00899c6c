// How ranks find each other, and every reason for which they don't.

import { expect, test } from 'vitest';
import { readLaunchedRank } from '../../src/engine/collectives/rendezvous/rendezvous.ts';
import { catchProblems } from '../helpers/catch-problems.ts';

const launched = { MASTER_ADDR: 'node7', MASTER_PORT: '29500', RANK: '3', WORLD_SIZE: '4', LOCAL_RANK: '1' };

test('a launcher tells a rank by its environment where to meet and which device is its own', () => {
  expect(readLaunchedRank(launched)).toEqual({
    rendezvous: { host: 'node7', port: 29500, rank: 3, ranks: 4, token: '', heldByRank0: true },
    localRank: 1,
  });
});

test('where torchrun keeps a store of its own at MASTER_PORT, ranks meet on the next port', () => {
  const env = { ...launched, TORCHELASTIC_USE_AGENT_STORE: 'True' };
  expect(readLaunchedRank(env).rendezvous.port).toBe(29501);
});

test('all that is wrong with the environment is told at once', () => {
  const problems = catchProblems(() => readLaunchedRank({ MASTER_PORT: 'http', RANK: '4', WORLD_SIZE: '4' }));
  expect(problems).toEqual([
    {
      code: 'RENDEZVOUS_ENV',
      message:
        'Expected the environment to say where the ranks meet but MASTER_ADDR is not set; RANK is "4", not a whole number from 0 to 3; MASTER_PORT is "http", not a whole number from 1 to 65534.',
      hint: 'torchrun --no-python and a PyTorchJob set these. With srun: MASTER_ADDR=<first host> MASTER_PORT=<free port> RANK=$SLURM_PROCID WORLD_SIZE=$SLURM_NTASKS LOCAL_RANK=$SLURM_LOCALID.',
    },
  ]);
});
