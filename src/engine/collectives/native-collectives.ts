// Collectives on the engine's own memory. Small values go over the mesh, which also watches over the ranks: when
// one is gone, what waits for it in native code is ended.

import type { Collectives } from './collectives.ts';
import { gatherJson } from './exchange.ts';
import type { Mesh, Operation } from './mesh/mesh.ts';
import type { NativeFailure, NativeRanks, NativeTransport, World } from './native-ranks.ts';
import { createWaitMeter } from './wait-meter.ts';

export function createNativeCollectives(
  mesh: Mesh,
  native: NativeRanks,
  transport: NativeTransport,
): Collectives {
  const meter = createWaitMeter();
  mesh.onFailure(() => native.abort());
  const watch = <T>(operation: Operation, result: Promise<T>) =>
    meter.watch(result.catch((error: NativeFailure) => fail(mesh, operation, error)));
  return {
    rank: mesh.rank,
    ranks: mesh.ranks,
    transport,
    allReduceSum: async (tensors, factor = 1) => watch('allReduceSum', native.sum(tensors, factor)),
    allGather: async (tensor) => watch('allGather', native.gather(tensor, mesh.ranks)),
    broadcast: async (tensors) => watch('broadcast', native.broadcast(tensors)),
    gatherValues: (value) => meter.watch(gatherJson(mesh, value)),
    barrier: async () => {
      await meter.watch(gatherJson(mesh, null));
    },
    takeWaitMs: () => meter.take(),
    close: async () => {
      await mesh.close();
      native.close();
    },
  };
}

/** Ends all ranks' work with what went wrong first. */
async function fail(mesh: Mesh, operation: Operation, error: NativeFailure): Promise<never> {
  const culprit = mesh.peers[error.culprit ?? -1];
  // Why it is gone, the mesh hears of the same process, maybe a moment later.
  if (culprit && error.message === 'disconnected') await mesh.hearEnd(culprit);
  if (culprit && error.message === 'stalled') mesh.failByStall([culprit], operation);
  else if (culprit) mesh.failByLeaving(culprit);
  else mesh.fail(new Error(`${operation}: ${error.message}`));
  throw mesh.failure;
}

/**
 * Connects the ranks natively by the first way that works for all of them; undefined where none does. `warn`
 * hears of those that should have worked.
 */
export async function connectNatively(
  mesh: Mesh,
  native: NativeRanks | undefined,
  { timeoutMs, warn }: { readonly timeoutMs: number; readonly warn: (message: string) => void },
): Promise<Collectives | undefined> {
  const world = { rank: mesh.rank, ranks: mesh.ranks, timeoutMs, address: mesh.address };
  for (const transport of listCommon(mesh)) {
    const tickets = await agree(mesh, () => native!.prepare(transport, world));
    const connected = tickets.every((ticket) => ticket.value !== undefined)
      ? await agree(mesh, () => connect(native!, transport, { world, tickets }))
      : tickets;
    native!.seal();
    const refusal = connected.findIndex(({ value }) => value === undefined);
    if (refusal < 0) return createNativeCollectives(mesh, native!, transport);
    warn(`The ranks can't use ${transport}: on rank ${refusal}, ${connected[refusal]!.error}.`);
    native!.close();
  }
  return undefined;
}

function connect(
  native: NativeRanks,
  transport: NativeTransport,
  { world, tickets }: { readonly world: World; readonly tickets: readonly Step[] },
): string {
  native.connect(
    transport,
    world,
    tickets.map(({ value }) => value!),
  );
  return 'connected';
}

interface Step {
  readonly value?: string;
  readonly error?: string;
}

/** What a step gave on each rank, or why it failed there. */
function agree(mesh: Mesh, step: () => string): Promise<Step[]> {
  try {
    return gatherJson<Step>(mesh, { value: step() });
  } catch (error) {
    return gatherJson<Step>(mesh, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** Ways that all ranks know, best first; shared memory only on one machine. */
function listCommon({ peers }: Mesh): NativeTransport[] {
  const isOneMachine = peers.every(({ machine }) => machine === peers[0]!.machine);
  return (peers[0]!.transports as NativeTransport[]).filter(
    (transport) =>
      peers.every(({ transports }) => transports.includes(transport)) &&
      (transport !== 'shared memory' || isOneMachine),
  );
}
