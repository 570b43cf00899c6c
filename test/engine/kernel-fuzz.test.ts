// Wrong calls of every kernel of the engine torch: shapes, ranks, types, attributes, tensors that were disposed. Each
// call ends well or with an error that names the kernel; none reaches ATen with shapes or types that it refuses.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { locateScript } from '../../src/core/own-script.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import * as tf from '../../src/engine/tf.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { makeFolder } from '../helpers/make-record.ts';
import type { FuzzReport } from './fuzz/fuzz-report.ts';

const SEED = 20261125;
const CALLS = 60;

/** Runs the fuzz in a process of its own; throws with the call at which it crashed. */
function runFuzz(): FuzzReport {
  const { path: script, execArgv } = locateScript(
    pathToFileURL(path.resolve('test/engine/x.ts')).href,
    './fuzz/run-fuzz',
  );
  const trace = path.join(makeFolder(), 'call');
  try {
    const args = [...execArgv, script, String(SEED), String(CALLS), trace];
    const text = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(text.trim().split('\n').at(-1)!) as FuzzReport;
  } catch (error) {
    throw new Error(`crashed at ${readFileSync(trace, 'utf8')}`, { cause: error });
  }
}

describe.skipIf(!readInstalledAddon())('wrong calls of the engine torch', () => {
  test('each end with an error that names the kernel, or as they say; none crashes or leaves a tensor', () => {
    const { calls, refused, faults } = runFuzz();
    expect(faults).toEqual([]);
    // Most calls are wrong, and some are right: both paths were taken.
    expect(refused).toBeGreaterThan(calls / 2);
    expect(refused).toBeLessThan(calls * 0.9);
  });

  describe('of an update in place', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createEngine('torch', { device: 'cpu' });
    });
    const variable = (...shape: number[]) => tf.tidy(() => tf.variable(tf.zeros(shape)));
    const options = { lr: 0.1, momentum: 0.9, weightDecay: 0 };

    test.each<[string, string, (p: tf.Variable[]) => void]>([
      [
        'a gradient of another shape',
        'sgdStep: gradients[0] should be [3,2], not [2,3]',
        ([p, wrong, v]) => engine.ops.sgdStep([p!], [wrong!], [v!], options),
      ],
      [
        'a velocity too few',
        'sgdStep: there are 1 tensors and 0 velocities',
        ([p]) => engine.ops.sgdStep([p!], [p!], [], options),
      ],
      [
        'a parameter that was disposed',
        'sgdStep: one of the tensors was disposed',
        ([p, , v]) => {
          const gone = variable(3, 2);
          gone.dispose();
          engine.ops.sgdStep([gone], [p!], [v!], options);
        },
      ],
      [
        'queries of another shape',
        'momentumUpdate: queries[0] should be [3,2], not [2,3]',
        ([p, wrong]) => engine.ops.momentumUpdate([p!], [wrong!], 0.9),
      ],
      [
        'keys that go over the end of the queue',
        'updateQueue: pointer is a whole number from 0 to 0, not 1',
        ([queue, , keys]) => engine.ops.updateQueue(queue!, tf.transpose(keys as tf.Tensor2D), 1),
      ],
      [
        'a pointer that is a tensor and too large',
        'updateQueue: pointer is a whole number from 0 to 0, not 1',
        ([queue, , keys]) =>
          engine.ops.updateQueue(queue!, tf.transpose(keys as tf.Tensor2D), tf.scalar(1, 'int32')),
      ],
      [
        'a learning rate of integers',
        'sgdStep: lr is float32, not int32',
        ([p, , v]) => engine.ops.sgdStep([p!], [p!], [v!], { ...options, lr: tf.scalar(1, 'int32') }),
      ],
    ])('with %s names it', (_, message, run) => {
      const variables = [variable(3, 2), variable(2, 3), variable(3, 2)];
      expect(() => tf.tidy(() => run(variables))).toThrow(message);
      tf.dispose(variables);
    });
  });
});
