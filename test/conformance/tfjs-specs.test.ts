// tfjs-core's own specs on the native engines. A spec counts as passed on an engine's kernels only if it called some,
// and none that the engine lacks; what it called is watched while it runs.

import * as tfjs from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import { readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { kernels } from '../../src/engine/torch/kernel-list.ts';
import { runSpecs, type SpecEngine } from './run-specs.ts';
import { skipList as skipListTensorflow } from './skip-list-tensorflow.ts';
import { skipList as skipListTorch } from './skip-list-torch.ts';
import type { SpecResult } from './spec-result.ts';

interface Case {
  readonly engine: SpecEngine;
  /** What the process of the specs loads; absent: the engine is not installed. */
  readonly library: string | undefined;
  readonly skipList: { readonly [name: string]: string };
  /** Kernels of our own; the others of the engine tensorflow are tfjs-node's. */
  readonly own: readonly string[];
}

const manifest = readTensorflowManifest();

const cases: readonly Case[] = [
  {
    engine: 'torch',
    library: readInstalledAddon()?.addon,
    skipList: skipListTorch,
    own: kernels.map(({ kernelName }) => kernelName),
  },
  {
    engine: 'tensorflow',
    library: manifest && JSON.stringify({ ...manifest, installed: manifest }),
    skipList: skipListTensorflow,
    own: ['Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', 'MaxPool', 'MaxPoolGrad'],
  },
];

for (const { engine, library } of cases)
  if (!library)
    console.log(`tfjs-core's specs are skipped: \`moco engine install ${engine}\` is to come first`);

describe.each(cases)("tfjs-core's specs on the engine $engine", ({ engine, library, skipList, own }) => {
  let specs: SpecResult[];
  beforeAll(async () => {
    if (!library) return;
    specs = await runSpecs(engine, library);
    console.log(summarise(engine, specs, skipList));
  });

  test.skipIf(!library)('pass wherever they call no kernel that the engine lacks', () => {
    const failures = specs
      .filter((spec) => isComplete(spec) && spec.status === 'failed' && !(spec.name in skipList))
      .map(({ name, failures }) => `${name}: ${failures[0]}`);
    expect(failures).toEqual([]);
  });

  test.skipIf(!library)('are on the skip list only if they fail', () => {
    const failed = new Set(specs.filter(({ status }) => status === 'failed').map(({ name }) => name));
    expect(Object.keys(skipList).filter((name) => !failed.has(name))).toEqual([]);
  });

  test.skipIf(!library)('reach every kernel of tfjs that is ours', () => {
    const called = new Set(specs.flatMap((spec) => spec.called));
    expect(own.filter((name) => name in tfjs && !called.has(name))).toEqual([]);
  });
});

/** Calls no kernel that the engine lacks. */
function isComplete({ missing }: SpecResult): boolean {
  return missing.length === 0;
}

function summarise(engine: SpecEngine, specs: readonly SpecResult[], skipList: Case['skipList']): string {
  const count = (wanted: (spec: SpecResult) => boolean) => specs.filter(wanted).length;
  const passes = (spec: SpecResult) => spec.status === 'passed' && isComplete(spec);
  const lacking = new Map<string, number>();
  for (const { missing } of specs)
    if (missing[0]) lacking.set(missing[0], (lacking.get(missing[0]) ?? 0) + 1);
  return [
    `${specs.length} specs of tfjs-core on ${engine}:`,
    `  ${count((spec) => passes(spec) && spec.called.length > 0)} pass on its kernels`,
    `  ${count((spec) => passes(spec) && spec.called.length === 0)} pass and need no kernel`,
    `  ${Object.keys(skipList).length} are on the skip list`,
    `  ${count((spec) => !isComplete(spec))} need what it lacks: ${[...lacking].map(([name, specsOfIt]) => `${name} ${specsOfIt}`).join(', ')}`,
    `  ${count(({ status }) => status === 'pending' || status === 'excluded')} tfjs leaves out itself`,
  ].join('\n');
}
