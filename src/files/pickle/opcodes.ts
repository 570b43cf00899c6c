// What each pickle opcode does, protocols 0 to 5, by Python's names for them (pickletools.py).

import type { PickleMachine } from './pickle-machine.ts';
import { isBuildable, nameType, PyBytes, PyTuple } from './python-values.ts';

type Opcode = (machine: PickleMachine) => void;

/** Highest protocol there is. */
const MAX_PROTOCOL = 5;
/** Bytes of a whole number; the largest that PyTorch writes has 16. */
const MAX_INTEGER_BYTES = 64;

const u16 = ({ cursor }: PickleMachine) => cursor.take(2).readUInt16LE();
const u32 = ({ cursor }: PickleMachine) => cursor.take(4).readUInt32LE();
const u64 = ({ cursor }: PickleMachine) => Number(cursor.take(8).readBigUInt64LE());
const text = (machine: PickleMachine, length: number) =>
  machine.push(machine.cursor.take(length).toString('utf8'));
/** Python 2's str: text in files of that time, else bytes. Both are told apart by what takes them. */
const oldText = (machine: PickleMachine, length: number) =>
  machine.push(machine.cursor.take(length).toString('latin1'));

const bytes = (machine: PickleMachine, length: number) => {
  const { cursor } = machine;
  machine.pushContainer(PyBytes.inFile(cursor.file, cursor.skip(length), length));
};

const opcodes: { readonly [Name in string]: readonly [code: number, run: Opcode] } = {
  PROTO: [0x80, checkProtocol],
  FRAME: [0x95, (m) => void u64(m)],
  MARK: [0x28, (m) => m.mark()],
  POP: [0x30, (m) => m.discard()],
  POP_MARK: [0x31, (m) => void m.popMark()],
  DUP: [0x32, (m) => m.push(m.peek())],

  NONE: [0x4e, (m) => m.push(null)],
  NEWTRUE: [0x88, (m) => m.push(true)],
  NEWFALSE: [0x89, (m) => m.push(false)],
  INT: [0x49, (m) => m.push(parseInteger(m, m.line()))],
  BININT: [0x4a, (m) => m.push(BigInt(m.cursor.take(4).readInt32LE()))],
  BININT1: [0x4b, (m) => m.push(BigInt(m.cursor.byte()))],
  BININT2: [0x4d, (m) => m.push(BigInt(u16(m)))],
  LONG: [0x4c, (m) => m.push(parseInteger(m, m.line().replace(/L$/, '')))],
  LONG1: [0x8a, (m) => m.push(readInteger(m, m.cursor.byte()))],
  LONG4: [0x8b, (m) => m.push(readInteger(m, u32(m)))],
  FLOAT: [0x46, (m) => m.push(parseFloat64(m, m.line()))],
  BINFLOAT: [0x47, (m) => m.push(m.cursor.take(8).readDoubleBE())],

  STRING: [0x53, (m) => m.push(parseQuoted(m, m.line()))],
  BINSTRING: [0x54, (m) => oldText(m, u32(m))],
  SHORT_BINSTRING: [0x55, (m) => oldText(m, m.cursor.byte())],
  UNICODE: [0x56, (m) => m.push(m.line())],
  BINUNICODE: [0x58, (m) => text(m, u32(m))],
  SHORT_BINUNICODE: [0x8c, (m) => text(m, m.cursor.byte())],
  BINUNICODE8: [0x8d, (m) => text(m, u64(m))],
  BINBYTES: [0x42, (m) => bytes(m, u32(m))],
  SHORT_BINBYTES: [0x43, (m) => bytes(m, m.cursor.byte())],
  BINBYTES8: [0x8e, (m) => bytes(m, u64(m))],
  BYTEARRAY8: [0x96, (m) => bytes(m, u64(m))],

  EMPTY_LIST: [0x5d, (m) => m.pushContainer([])],
  LIST: [0x6c, (m) => m.pushContainer(m.popMark())],
  APPEND: [0x61, (m) => append(m, [m.pop()])],
  APPENDS: [0x65, (m) => append(m, m.popMark())],
  EMPTY_TUPLE: [0x29, (m) => m.pushContainer(new PyTuple([]))],
  TUPLE: [0x74, (m) => m.pushContainer(new PyTuple(m.popMark()))],
  TUPLE1: [0x85, (m) => tuple(m, 1)],
  TUPLE2: [0x86, (m) => tuple(m, 2)],
  TUPLE3: [0x87, (m) => tuple(m, 3)],
  EMPTY_DICT: [0x7d, (m) => m.pushContainer(new Map())],
  DICT: [0x64, (m) => makeDict(m)],
  SETITEM: [0x73, (m) => setItems(m, [m.pop(), m.pop()].reverse())],
  SETITEMS: [0x75, (m) => setItems(m, m.popMark())],
  EMPTY_SET: [0x8f, (m) => m.pushContainer(new Set())],
  ADDITEMS: [0x90, (m) => addItems(m, m.popMark())],
  FROZENSET: [0x91, (m) => m.pushContainer(new Set(m.popMark()))],

  PUT: [0x70, (m) => m.memoize(parseIndex(m, m.line()))],
  BINPUT: [0x71, (m) => m.memoize(m.cursor.byte())],
  LONG_BINPUT: [0x72, (m) => m.memoize(u32(m))],
  MEMOIZE: [0x94, (m) => m.memoize()],
  GET: [0x67, (m) => m.recall(parseIndex(m, m.line()))],
  BINGET: [0x68, (m) => m.recall(m.cursor.byte())],
  LONG_BINGET: [0x6a, (m) => m.recall(u32(m))],

  GLOBAL: [0x63, (m) => m.push(m.findGlobal(m.line(), m.line()))],
  STACK_GLOBAL: [0x93, stackGlobal],
  REDUCE: [0x52, callWithTuple],
  NEWOBJ: [0x81, callWithTuple],
  NEWOBJ_EX: [0x92, newObjectEx],
  INST: [0x69, (m) => m.pushContainer(m.call(m.findGlobal(m.line(), m.line()), m.popMark()))],
  OBJ: [0x6f, makeObject],
  BUILD: [0x62, build],

  BINPERSID: [0x51, (m) => m.loadPersistent(m.pop())],
  PERSID: [0x50, (m) => m.loadPersistent(m.line())],
  EXT1: [0x82, (m) => refuseExtension(m, m.cursor.byte())],
  EXT2: [0x83, (m) => refuseExtension(m, u16(m))],
  EXT4: [0x84, (m) => refuseExtension(m, u32(m))],
  NEXT_BUFFER: [0x97, refuseBuffer],
  READONLY_BUFFER: [0x98, refuseBuffer],
};

/** By code; STOP is the caller's. */
export const opcodeTable: ReadonlyMap<number, Opcode> = new Map(Object.values(opcodes));

export const STOP = 0x2e;

function checkProtocol(machine: PickleMachine): void {
  const protocol = machine.cursor.byte();
  if (protocol > MAX_PROTOCOL)
    throw machine.fault(`its protocol would be ${protocol}, of ${MAX_PROTOCOL} that there are`);
}

/** Little-endian two's complement of any length. */
function readInteger(machine: PickleMachine, length: number): bigint {
  if (length > MAX_INTEGER_BYTES) throw machine.fault(`a whole number has ${length} bytes`);
  if (length === 0) return 0n;
  const hex = Buffer.from(machine.cursor.take(length)).reverse().toString('hex');
  return BigInt.asIntN(8 * length, BigInt(`0x${hex}`));
}

function parseInteger(machine: PickleMachine, line: string): bigint | boolean {
  if (line === '00' || line === '01') return line === '01';
  if (!/^[+-]?\d{1,150}$/.test(line)) throw machine.fault('a whole number is none');
  return BigInt(line.replace(/^\+/, ''));
}

function parseIndex(machine: PickleMachine, line: string): number {
  if (!/^\d{1,10}$/.test(line)) throw machine.fault('a number in the memo is none');
  return Number(line);
}

const FLOATS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

function parseFloat64(machine: PickleMachine, line: string): number {
  const value = FLOATS.get(line) ?? Number(line);
  if (line.trim() === '' || (Number.isNaN(value) && line !== 'nan')) throw machine.fault('a float is none');
  return value;
}

/** Python's repr of a str; escapes, which names of tensors never have, stay as they are. */
function parseQuoted(machine: PickleMachine, line: string): string {
  const inside = /^(['"])(.*)\1$/s.exec(line)?.[2];
  if (inside === undefined) throw machine.fault('a text has no quotes');
  return inside;
}

function append(machine: PickleMachine, items: readonly unknown[]): void {
  const list = machine.peek();
  if (!Array.isArray(list)) throw machine.fault(`it appends to a ${nameType(list)}`);
  for (const item of items) list.push(item);
}

function tuple(machine: PickleMachine, length: number): void {
  machine.pushContainer(new PyTuple(Array.from({ length }, () => machine.pop()).reverse()));
}

function makeDict(machine: PickleMachine): void {
  const items = machine.popMark();
  machine.pushContainer(new Map());
  setItems(machine, items);
}

function setItems(machine: PickleMachine, items: readonly unknown[]): void {
  const dict = machine.peek();
  if (!(dict instanceof Map)) throw machine.fault(`it sets keys of a ${nameType(dict)}`);
  if (items.length % 2 !== 0) throw machine.fault('a key has no value');
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

function addItems(machine: PickleMachine, items: readonly unknown[]): void {
  const set = machine.peek();
  if (!(set instanceof Set)) throw machine.fault(`it adds members to a ${nameType(set)}`);
  for (const item of items) set.add(item);
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  machine.push(machine.findGlobal(machine.pop(), name));
}

function callWithTuple(machine: PickleMachine): void {
  const args = machine.pop();
  const callee = machine.pop();
  if (!(args instanceof PyTuple)) throw machine.fault(`the arguments of a call are a ${nameType(args)}`);
  machine.pushContainer(machine.call(callee, args.items));
}

function newObjectEx(machine: PickleMachine): void {
  const named = machine.pop();
  if (!(named instanceof Map) || named.size > 0) throw machine.fault('a call has arguments by name');
  callWithTuple(machine);
}

function makeObject(machine: PickleMachine): void {
  const [callee, ...args] = machine.popMark();
  machine.pushContainer(machine.call(callee, args));
}

function build(machine: PickleMachine): void {
  const state = machine.pop();
  const object = machine.peek();
  if (!isBuildable(object) || !object.setState(state)) {
    throw machine.fault(`it gives a ${nameType(object)} a state that doesn't fit`);
  }
}

function refuseExtension(machine: PickleMachine, code: number): never {
  throw machine.fault(`it asks for number ${code} of a registry of extensions`);
}

function refuseBuffer(machine: PickleMachine): never {
  throw machine.fault('it takes a buffer from outside the file');
}
