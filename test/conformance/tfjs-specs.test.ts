// tfjs-core's own specs on the backend torch. A spec counts as passed on our kernels only if it called some, and
// none that we lack; what it called is watched while it runs.

import * as tfjs from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { kernels } from '../../src/engine/torch/kernel-list.ts';
import { runSpecs } from './run-specs.ts';
import { skipList } from './skip-list.ts';
import type { SpecResult } from './spec-result.ts';

const installed = readInstalledAddon();
if (!installed) console.log("tfjs-core's specs are skipped: `moco engine install torch` is to come first");

describe.skipIf(!installed)("tfjs-core's specs on the engine torch", () => {
  let specs: SpecResult[];
  beforeAll(async () => {
    specs = await runSpecs(installed!.addon);
    console.log(summarise(specs));
  });

  test('pass wherever they call no kernel that we lack', () => {
    const failures = specs
      .filter((spec) => isOurs(spec) && spec.status === 'failed' && !(spec.name in skipList))
      .map(({ name, failures }) => `${name}: ${failures[0]}`);
    expect(failures).toEqual([]);
  });

  test('are on the skip list only if they fail', () => {
    const failed = new Set(specs.filter(({ status }) => status === 'failed').map(({ name }) => name));
    expect(Object.keys(skipList).filter((name) => !failed.has(name))).toEqual([]);
  });

  test('reach every kernel of tfjs that we have', () => {
    const called = new Set(specs.flatMap((spec) => spec.called));
    const unreached = kernels.map(({ kernelName }) => kernelName).filter((name) => !called.has(name));
    expect(unreached.filter((name) => name in tfjs)).toEqual([]);
  });
});

/** Calls no kernel that we lack. */
function isOurs({ missing }: SpecResult): boolean {
  return missing.length === 0;
}

function summarise(specs: readonly SpecResult[]): string {
  const count = (wanted: (spec: SpecResult) => boolean) => specs.filter(wanted).length;
  const passes = ({ status }: SpecResult) => status === 'passed';
  const lacking = new Map<string, number>();
  for (const { missing } of specs)
    if (missing[0]) lacking.set(missing[0], (lacking.get(missing[0]) ?? 0) + 1);
  return [
    `${specs.length} specs of tfjs-core:`,
    `  ${count((spec) => passes(spec) && isOurs(spec) && spec.called.length > 0)} pass on kernels of ours`,
    `  ${count((spec) => passes(spec) && isOurs(spec) && spec.called.length === 0)} pass and need no kernel`,
    `  ${Object.keys(skipList).length} are on the skip list`,
    `  ${count((spec) => !isOurs(spec))} need what we lack: ${[...lacking].map(([name, specsOfIt]) => `${name} ${specsOfIt}`).join(', ')}`,
    `  ${count(({ status }) => status === 'pending' || status === 'excluded')} tfjs leaves out itself`,
  ].join('\n');
}
