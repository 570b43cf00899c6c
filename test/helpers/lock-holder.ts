// A process that takes the lock of a folder when it is told to on stdin, says how that went, and
// holds it until stdin ends. Tests start it with tsx.

import { createInterface } from 'node:readline';
import { ProblemError } from '../../src/core/problem.ts';
import { acquireRunLock } from '../../src/runs/run-lock.ts';

const folder = process.argv[2] ?? '';

console.log('ready');
for await (const command of createInterface({ input: process.stdin })) {
  try {
    acquireRunLock(folder, command);
    console.log('locked');
  } catch (error) {
    console.log(error instanceof ProblemError ? error.problems[0]?.code : String(error));
  }
}
