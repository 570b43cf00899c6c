// Looks at a package's files before they are loaded: the system's loader dies of a library that was cut short.

import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

/** The addon; undefined where npm's install script has not brought it. */
export function findBinding(folder: string): string | undefined {
  return listFiles(path.join(folder, 'lib'))
    .map((lib) => path.join(lib, 'tfjs_binding.node'))
    .findLast((file) => existsSync(file));
}

/** A file of the package that ends before its time; undefined where all are whole. */
export function findCutFile(folder: string): string | undefined {
  const binding = findBinding(folder);
  const libraries = listFiles(path.join(folder, 'deps/lib')).filter((file) => /\.so(\.|$)/.test(file));
  return [...libraries, ...(binding ? [binding] : [])].find(isCutShort);
}

/** Whether an ELF file (64 bits) ends before its table of sections does, which linkers put last. */
function isCutShort(file: string): boolean {
  const header = Buffer.alloc(64);
  const descriptor = openSync(file, 'r');
  try {
    if (readSync(descriptor, header) < header.length) return true;
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, 5) !== '\x7fELF\x02') return false; // The loader tells.
  const [start, size, count] = [
    Number(header.readBigUInt64LE(40)),
    header.readUInt16LE(58),
    header.readUInt16LE(60),
  ];
  return statSync(file).size < start + size * count;
}

/** Files that are there, a broken link not among them; none where there is no folder. */
function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => existsSync(file));
}
