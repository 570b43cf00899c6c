// The addon with all its calls seen. Two uses: a trace of what a step calls, comparable between steps; and a stand-in
// for CUDA graphs on a CPU, where "recorded" is the list of calls and a replay makes them again.

import type { TorchAddon } from '../../src/engine/torch/binding.ts';
import type { Handle } from '../../src/engine/torch/bindings/handle.ts';

/** Handles seen from outside are this much larger than the addon's: no other number in a call is. */
const TAG = 2 ** 40;
const NO_HANDLES = new Set(['findShared', 'finishRecording', 'compile']);
/** They tell how things are, and change nothing. */
const QUESTIONS = new Set(['findShared', 'describe', 'memory', 'isRecordingCurrent', 'inspect']);

export interface NativeCall {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

type Raw = { [name: string]: (...args: unknown[]) => unknown };

const isHandle = (value: unknown): value is Handle => typeof value === 'number' && value >= TAG;

/** The same with each handle replaced. */
function mapHandles(value: unknown, map: (handle: Handle) => unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => mapHandles(each, map));
  return isHandle(value) ? map(value) : value;
}

/** Handles in a call's arguments or result. */
export function listHandles(value: unknown): Handle[] {
  if (Array.isArray(value)) return value.flatMap(listHandles);
  return isHandle(value) ? [value] : [];
}

const tag = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(tag) : typeof value === 'number' ? value + TAG : value;
const untag = (value: unknown) => mapHandles(value, (handle) => handle - TAG);
/** What is handed over may be overwritten later. */
const keepValues = (value: unknown) => (ArrayBuffer.isView(value) ? structuredClone(value) : value);

/** Replaces the functions of an addon that has no tensors yet, for good. */
export function watchAddon(addon: TorchAddon) {
  const exports = addon as unknown as Raw;
  const raw: Raw = { ...exports };
  let listener: ((call: NativeCall) => void) | undefined;
  let beforeCall: ((args: readonly unknown[]) => void) | undefined;
  const call = (name: string, args: readonly unknown[]) => {
    const result = raw[name]!(...args.map(untag));
    return NO_HANDLES.has(name) ? result : tag(result);
  };
  for (const name of Object.keys(raw))
    exports[name] = (...args) => {
      beforeCall?.(args);
      const result = call(name, args);
      if (!QUESTIONS.has(name)) listener?.({ name, args: args.map(keepValues), result });
      return result;
    };
  /** The calls that `body` makes. */
  const listen = <Result>(body: () => Result) => {
    const calls: NativeCall[] = [];
    listener = (each) => calls.push(each);
    try {
      return { result: body(), calls };
    } finally {
      listener = undefined;
    }
  };
  return { listen, standInForGraphs: () => standIn() };

  /** Replaces start, finish, abandon and replay. The addon's own recording goes on beneath, and watches. */
  function standIn() {
    const tapes = new Map<number, readonly NativeCall[]>();
    const counts = { recorded: 0, replayed: 0 };
    let tape: NativeCall[] = [];
    let saved = new Map<Handle, Handle>();
    const made = new Set<Handle>();
    /** Nothing is computed while a graph is recorded: what was before comes back. */
    const restore = () => {
      listener = beforeCall = undefined;
      for (const [handle, copy] of saved) {
        call('CopyInto', [handle, copy]);
        call('drop', [copy]);
      }
    };
    exports.startRecording = () => {
      call('startRecording', []);
      tape = [];
      saved = new Map();
      made.clear();
      beforeCall = (args) => {
        for (const handle of listHandles(args))
          if (!made.has(handle) && !saved.has(handle)) saved.set(handle, call('Copy', [handle]) as Handle);
      };
      listener = (each) => {
        tape.push(each);
        for (const handle of listHandles(each.result)) made.add(handle);
      };
    };
    exports.finishRecording = () => {
      listener = beforeCall = undefined;
      const number = call('finishRecording', []) as number;
      restore();
      tapes.set(number, tape);
      counts.recorded++;
      return number;
    };
    exports.abandonRecording = () => {
      call('abandonRecording', []);
      restore();
    };
    exports.replay = (number) => {
      replayTape(tapes.get(number as number)!);
      counts.replayed++;
    };
    return counts;
  }

  /** Makes the calls again. What they leave goes to where the recorded ones left it, as in a graph. */
  function replayTape(tape: readonly NativeCall[]): void {
    const fresh = new Map<Handle, Handle>();
    for (const { name, args, result } of tape) {
      const given = args.map((arg) => mapHandles(arg, (handle) => fresh.get(handle) ?? handle));
      const again = listHandles(call(name, given));
      for (const [i, handle] of listHandles(result).entries()) fresh.set(handle, again[i]!);
      if (name === 'drop') fresh.delete(args[0] as Handle);
    }
    for (const [handle, now] of fresh) {
      call('CopyInto', [handle, now]);
      call('drop', [now]);
    }
  }
}

/**
 * Calls with their handles named: `names` knows those from before, others are named by the call that made them.
 * Handles that are neither are `unknown`.
 */
export function nameHandles(
  calls: readonly NativeCall[],
  names: ReadonlyMap<Handle, string>,
): { readonly name: string; readonly args: unknown }[] {
  const known = new Map(names);
  return calls.map(({ name, args, result }, i) => {
    const named = mapHandles(args, (handle) => `<${known.get(handle) ?? 'unknown'}>`);
    listHandles(result).forEach((handle, place) => {
      known.set(handle, `${i}.${place}`);
    });
    return { name, args: named };
  });
}
