// An installed addon that no longer fits is told with what is wrong and the command that mends it.

import { appendFileSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { examineAddon, hashSources, type InstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { stampLibtorch } from '../../src/engine/torch/install/read-libtorch.ts';
import { writeFakeLibtorch } from '../helpers/fake-libtorch.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const { MOCO_CACHE } = process.env;

describe('an installed addon', () => {
  let cache: string;
  let installed: InstalledAddon;
  const manifest = () => path.join(cache, 'torch/installed.json');

  beforeEach(() => {
    cache = makeFolder();
    process.env.MOCO_CACHE = cache;
    mkdirSync(path.join(cache, 'torch/build'), { recursive: true });
    const addon = path.join(cache, 'torch/build/mocolab_torch.node');
    writeFileSync(addon, 'an addon');
    const libtorch = path.join(writeFakeLibtorch(path.join(cache, 'libtorch')), 'lib');
    installed = {
      addon,
      bytes: statSync(addon).size,
      imageAddon: addon,
      imageBytes: statSync(addon).size,
      sources: hashSources(),
      libtorch,
      version: '2.4.1',
      cuda: false,
      stamp: stampLibtorch(libtorch),
    };
    writeFileSync(manifest(), JSON.stringify(installed));
  });
  afterEach(() => {
    if (MOCO_CACHE === undefined) delete process.env.MOCO_CACHE;
    else process.env.MOCO_CACHE = MOCO_CACHE;
  });

  test('fits while nothing has changed', () => {
    expect(examineAddon()).toEqual({ state: 'ready', installed });
  });

  test('that was never there is absent, not broken', () => {
    rmSync(manifest());
    expect(examineAddon()).toEqual({
      state: 'absent',
      reason: 'it is not installed; `moco engine install torch` builds it',
    });
  });

  test.each<[string, string, (installed: InstalledAddon) => void]>([
    [
      'manifest is not JSON',
      'its manifest MANIFEST is not one of this version',
      () => writeFileSync(manifest(), '{'),
    ],
    [
      'manifest is of something else',
      'its manifest MANIFEST is not one of this version',
      () => writeFileSync(manifest(), 'null'),
    ],
    ['file was deleted', 'its addon ADDON is gone', ({ addon }) => rmSync(addon)],
    ['file was cut', 'its addon ADDON is damaged (3 bytes of 8)', ({ addon }) => truncateSync(addon, 3)],
    [
      'libtorch was removed',
      'its libtorch in LIBTORCH is gone',
      ({ libtorch }) => rmSync(libtorch, { recursive: true }),
    ],
    [
      'libtorch was upgraded',
      'its libtorch in LIBTORCH is another one by now',
      ({ libtorch }) => appendFileSync(path.join(libtorch, 'libtorch_cpu.so'), 'more'),
    ],
    [
      'sources are those of another version',
      'its addon is of another version of mocolab',
      (before) => writeFileSync(manifest(), JSON.stringify({ ...before, sources: 'others' })),
    ],
  ])('whose %s is broken: %s', (_, fact, damage) => {
    damage(installed);
    const { addon, libtorch } = installed;
    const told = fact.replace('MANIFEST', manifest()).replace('ADDON', addon).replace('LIBTORCH', libtorch);
    expect(examineAddon()).toEqual({
      state: 'broken',
      reason: `${told}; \`moco engine install torch\` builds it again`,
    });
  });

  test('that does not load is told by the doctor, and by every stage that `auto` runs on wasm', async () => {
    const env = { MOCO_CACHE: cache };
    const reason = `its addon does not load: ${installed.addon}: file too short; \`moco engine install torch\` builds it again`;
    const doctor = JSON.parse((await runCli(['doctor', '--json'], { env })).stdout);
    expect(doctor.engines[0]).toEqual({ name: 'torch', available: false, reason });

    const folder = makeFolder();
    writeFileSync(
      path.join(folder, 'a.yaml'),
      'kind: pretrain\nepochs: 1\nbatchSize: 8\nmodel: { arch: resnet18, stem: cifar, width: 4 }\nmoco: { queueSize: 16 }\ndata: { dataset: synthetic, synthetic: { classes: 2, train: 16, val: 8, size: 8 } }\naugment: [{ op: randomHorizontalFlip }]\n',
    );
    const { code, stdout } = await runCli(['run', 'a.yaml'], { cwd: folder, env });
    expect(code).toBe(0);
    expect(stdout).toContain(
      `warning  a/trial-1/pretrain: This stage runs on the engine wasm. The engine torch does not start: ${reason}.\n`,
    );
    expect(stdout).not.toContain('hint:');
  });
});
