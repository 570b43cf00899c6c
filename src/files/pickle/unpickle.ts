// Reads one pickle: a machine that makes plain values and nothing else. Names that are not on the
// caller's list end it before anything is made of them; no nesting is too deep, and its work is bounded.

import type { ByteCursor } from '../byte-cursor.ts';
import { opcodeTable, STOP } from './opcodes.ts';
import { PickleMachine, type PickleWorld } from './pickle-machine.ts';

/** Reads a pickle from the cursor's place; leaves the cursor behind it. Throws PICKLE_* and TENSOR_FILE_TRUNCATED. */
export function unpickle(cursor: ByteCursor, world: PickleWorld): unknown {
  const machine = new PickleMachine(cursor, world);
  for (let code = machine.next(); code !== STOP; code = machine.next()) {
    const run = opcodeTable.get(code);
    if (!run) throw machine.fault(`${code} is no opcode`);
    run(machine);
  }
  return machine.pop();
}
