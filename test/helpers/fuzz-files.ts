// Tries a damaged file as the reader would meet it.

import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ProblemError } from '../../src/core/problem.ts';
import { listOtherTensors } from '../../src/files/list-tensors.ts';
import { withTensors } from '../../src/files/open-tensors.ts';

/** Reads all of a file: `loads`, or the code of the problem. Any other error is thrown, with a note of what it was. */
export function tryFile(file: string, content: Buffer): string {
  writeFileSync(file, content);
  try {
    withTensors(file, (source) => {
      for (const tensor of [...source.tensors.values(), ...listOtherTensors(source).values()]) tensor.read();
    });
    return 'loads';
  } catch (error) {
    if (error instanceof ProblemError) return error.problems[0]!.code;
    throw new Error(`Not a problem: ${content.toString('base64')}`, { cause: error });
  }
}

/** Puts the checksums of a zip's entries right where its directory can still be followed. */
export function repairChecksums(zip: Buffer): Buffer {
  for (
    let at = zip.indexOf('PK\x01\x02');
    at >= 0 && at + 46 <= zip.length;
    at = zip.indexOf('PK\x01\x02', at + 4)
  ) {
    const header = zip.readUInt32LE(at + 42);
    if (header + 30 > zip.length) continue;
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    zip.writeUInt32LE(crc32(zip.subarray(start, start + zip.readUInt32LE(at + 20))), at + 16);
  }
  return zip;
}
