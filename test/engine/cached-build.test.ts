// Builds of the torch engine that lie in the cache already: a whole one is taken, by two installs at once too; a
// damaged one is built anew. On copies of the build of this machine.

import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type InstalledAddon, readInstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const built = readInstalledAddon();

describe.skipIf(!built)('a cached build', () => {
  let cache: string;
  let addon: string;
  beforeEach(() => {
    cache = makeFolder();
    const build = path.dirname(built!.addon);
    addon = path.join(cache, 'torch', path.basename(build), path.basename(built!.addon));
    mkdirSync(path.join(cache, 'torch'), { recursive: true });
    cpSync(build, path.dirname(addon), { recursive: true });
  });
  // Any compilation would fail at once.
  const env = () => ({ MOCO_CACHE: cache, CXXFLAGS: '-include /nowhere/at-all.h' });
  const install = () => runCli(['engine', 'install', 'torch', ...nameLibtorch()], { env: env() });

  test('that is whole is proven and taken by two installs at once, and nothing is built', async () => {
    for (const { code, stdout, stderr } of await Promise.all([install(), install()])) {
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('proven: ');
      expect(stdout).not.toContain('building');
    }
    const manifest = readFileSync(path.join(cache, 'torch/installed.json'), 'utf8');
    expect((JSON.parse(manifest) as InstalledAddon).addon).toBe(addon);
    expect(readdirSync(path.join(cache, 'torch')).sort()).toEqual(
      [path.basename(path.dirname(addon)), 'installed.json'].sort(),
    );
  });

  test.each<[string, (file: string) => void]>([
    ['was cut', (file) => truncateSync(file, 1000)],
    ['has other bytes', (file) => appendFileSync(file, 'more')],
  ])('that %s is not loaded but built anew', async (_, damage) => {
    damage(addon);
    const { code, stdout, stderr } = await install();
    expect(code).toBe(2);
    expect(stdout).toContain('building the addon in ');
    expect(stderr).toContain('TORCH_BUILD_FAILED');
  });
});

/** The libtorch of the build, where it has a folder of its own; the system's is found again. */
function nameLibtorch(): string[] {
  const root = path.dirname(built!.libtorch);
  return existsSync(path.join(root, 'include/ATen/ATen.h')) ? ['--libtorch', root] : [];
}
