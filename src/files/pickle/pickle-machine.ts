// The state of a pickle machine: stack, marks, memo, and the limits that keep a hostile pickle small.
// What the opcodes do with it is in opcodes.ts. Python's pickletools.py describes the machine.

import { ProblemError } from '../../core/problem.ts';
import type { ByteCursor } from '../byte-cursor.ts';
import { DAMAGED_HINT } from '../file-bytes.ts';
import { Misfit, PyGlobal } from './python-values.ts';

/** What a pickle may refer to. */
export interface PickleWorld {
  /** By `module.name`. Whatever is not here is an error that names it. */
  readonly globals: ReadonlyMap<string, PyGlobal>;
  /** Resolves a persistent id, as PyTorch uses for storages. Absent: there are none. Undefined: it doesn't fit. */
  readonly persistentLoad?: (id: unknown) => unknown;
}

/** A checkpoint of the largest networks has some 100,000. */
const MAX_OPCODES = 5_000_000;
/** Lists, dicts, tuples and objects; the same networks have some 20,000. */
const MAX_CONTAINERS = 1_000_000;

/** Names and numbers; longer texts have opcodes with a length. */
const MAX_LINE_BYTES = 65_536;
const LINE_BREAK = 0x0a;

export class PickleMachine {
  readonly cursor: ByteCursor;
  readonly #world: PickleWorld;
  readonly #marks: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();
  #stack: unknown[] = [];
  #opcodes = 0;
  #containers = 0;

  constructor(cursor: ByteCursor, world: PickleWorld) {
    this.cursor = cursor;
    this.#world = world;
  }

  /** Counts an opcode and returns it. */
  next(): number {
    if (++this.#opcodes > MAX_OPCODES) throw this.fault(`it has more than ${MAX_OPCODES} opcodes`);
    return this.cursor.byte();
  }

  /** The rest of the line, of which text opcodes have their argument. */
  line(): string {
    const bytes: number[] = [];
    for (let byte = this.cursor.byte(); byte !== LINE_BREAK; byte = this.cursor.byte()) {
      if (bytes.push(byte) > MAX_LINE_BYTES) throw this.fault(`a line has more than ${MAX_LINE_BYTES} bytes`);
    }
    return Buffer.from(bytes).toString('utf8');
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  /** Pushes something that takes memory of its own. */
  pushContainer(value: unknown): void {
    if (++this.#containers > MAX_CONTAINERS) throw this.fault(`it makes more than ${MAX_CONTAINERS} objects`);
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw this.fault('it takes a value from an empty stack');
    return this.#stack.pop();
  }

  peek(): unknown {
    if (this.#stack.length === 0) throw this.fault('it looks for a value on an empty stack');
    return this.#stack.at(-1);
  }

  mark(): void {
    if (++this.#containers > MAX_CONTAINERS) throw this.fault(`it makes more than ${MAX_CONTAINERS} objects`);
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** Everything above the last mark; the mark goes too. */
  popMark(): unknown[] {
    const below = this.#marks.pop();
    if (!below) throw this.fault('it goes back to a mark that was never set');
    const items = this.#stack;
    this.#stack = below;
    return items;
  }

  /** POP takes a mark where nothing lies above it. */
  discard(): void {
    if (this.#stack.length === 0) this.popMark();
    else this.#stack.pop();
  }

  memoize(key = this.#memo.size): void {
    this.#memo.set(key, this.peek());
  }

  recall(key: number): void {
    if (!this.#memo.has(key)) throw this.fault(`it recalls number ${key}, which was never kept`);
    this.#stack.push(this.#memo.get(key));
  }

  /** Looks a global up. Throws PICKLE_FOREIGN_GLOBAL for any that is not on the list. */
  findGlobal(module: unknown, name: unknown): PyGlobal {
    if (typeof module !== 'string' || typeof name !== 'string') throw this.fault('a global has no name');
    const found = this.#world.globals.get(`${module}.${name}`);
    if (!found) throw foreignGlobal(this.cursor.file.path, `${module}.${name}`);
    return found;
  }

  /** What a call of an allowed class or function gives. */
  call(callee: unknown, args: readonly unknown[]): unknown {
    if (!(callee instanceof PyGlobal)) throw this.fault('it calls something that is no function');
    const result = callee.call?.(args);
    if (result === undefined || result instanceof Misfit) {
      const reason = result === undefined ? '' : `: ${result.reason}`;
      throw this.fault(`it calls ${callee.name} with arguments that don't fit${reason}`);
    }
    return result;
  }

  loadPersistent(id: unknown): void {
    const value = this.#world.persistentLoad?.(id);
    if (value === undefined) throw this.fault('it refers to data outside it that is not there');
    this.pushContainer(value);
  }

  /** A problem at this place; `fact` completes "but ...". */
  fault(fact: string): ProblemError {
    return invalidPickle(this.cursor.file.path, `${fact} (before byte ${this.cursor.position})`);
  }
}

/** A problem with a pickle; `fact` completes "but ...". */
export function invalidPickle(file: string, fact: string): ProblemError {
  const message = `Expected ${file} to hold a sound pickle but ${fact}.`;
  return new ProblemError({ code: 'PICKLE_INVALID', message, hint: DAMAGED_HINT });
}

function foreignGlobal(file: string, name: string): ProblemError {
  return new ProblemError({
    code: 'PICKLE_FOREIGN_GLOBAL',
    message: `Expected only tensors and plain values in ${file} but its pickle asks for ${showName(name)}.`,
    hint: 'Nothing of it was run. If you trust the file, load it in Python and save its state_dict alone.',
  });
}

/** Names come from the file: no control characters on the terminal, no page-long ones. */
function showName(name: string): string {
  const visible = name.replace(/[^\x20-\x7e]/g, '?');
  return visible.length > 120 ? `${visible.slice(0, 120)}...` : visible;
}
