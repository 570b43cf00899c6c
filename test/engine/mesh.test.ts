// Connected ranks, all in this process over real sockets: whatever ends one, the others hear why.

import { expect, test } from 'vitest';
import { connectMesh, openDoorway } from '../../src/engine/collectives/mesh/connect-mesh.ts';
import { FrameKind } from '../../src/engine/collectives/mesh/frame.ts';
import { Mesh } from '../../src/engine/collectives/mesh/mesh.ts';
import type { Peer } from '../../src/engine/collectives/rendezvous/hello.ts';

const TIMEOUT_MS = 60_000;

/** So many ranks that have met and are connected. */
async function connectRanks(ranks: number): Promise<Mesh[]> {
  const each = Array.from({ length: ranks }, (_, rank) => rank);
  const place = { host: '127.0.0.1', port: 1, token: '', ranks, heldByRank0: false };
  const doorways = await Promise.all(each.map((rank) => openDoorway({ ...place, rank })));
  const peers = each.map((rank): Peer => {
    const { port } = doorways[rank]!;
    const address = '127.0.0.1';
    const who = { rank, ranks, host: 'here', machine: 'here', pid: 100 + rank, port, address };
    return { ...who, protocolVersion: 1, version: '1.0.0', engine: 'cpu', transports: [] };
  });
  const met = { session: 's', peers };
  const connecting = each.map(async (rank) => {
    const rendezvous = { ...place, rank };
    const links = await connectMesh({ rendezvous, doorway: doorways[rank]!, met, timeoutMs: TIMEOUT_MS });
    return new Mesh({ rank, peers, links, timeoutMs: TIMEOUT_MS });
  });
  return Promise.all(connecting);
}

test('a rank that gives up and closes at once is heard by those that still send it more', async () => {
  const meshes = (await connectRanks(3)) as [Mesh, Mesh, Mesh];
  const [culprit, ...others] = meshes;
  const heard = others.map((mesh) => new Promise<Error>((resolve) => mesh.onFailure(resolve)));
  const sendAll = () => {
    for (const mesh of others)
      void mesh.send(0, { ...mesh.begin('allReduceSum'), kind: FrameKind.part }, new Uint8Array(1 << 20));
  };
  // In one turn of the event loop: nobody reads anything before all has been written.
  sendAll();
  culprit.fail(new Error('told to fail'));
  const closed = culprit.close();
  sendAll();
  for (const { message } of await Promise.all(heard))
    expect(message).toBe(
      'RANK_LOST: Expected all ranks to train to the end but rank 0 gave up: told to fail',
    );
  await Promise.all([closed, ...others.map((mesh) => mesh.close())]);
});
