// Bad set-ups of the torch engine: each is told with its cause and a command, by real tools that really fail.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { InstalledAddon } from '../../src/engine/torch/addon-file.ts';
import { refuseSystem } from '../../src/engine/torch/install/install-torch.ts';
import { type Machine, type Needs, planSetup } from '../../src/engine/torch/install/plan-setup.ts';
import { proveEngine } from '../../src/engine/torch/install/prove-engine.ts';
import { reportMissing, setUp } from '../../src/engine/torch/install/set-up.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { compileAddon, hasCompiler, makePath, writeFakeLibtorch } from '../helpers/fake-libtorch.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { runCli } from '../helpers/run-cli.ts';

const everything: Needs = { libtorch: true, tools: ['a C++ compiler', 'cmake', 'make'] };
const nothing: Machine = { isRoot: false, hasApt: false };

async function catchText(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'it succeeded',
    (error) => error.problems ?? error,
  );
}

test('a system on which nobody has built it is refused', () => {
  expect(catchProblems(() => refuseSystem('darwin', 'arm64'))).toEqual([
    {
      code: 'TORCH_SYSTEM',
      message: 'Expected Linux on x64 or arm64 for the engine torch but this is darwin on arm64.',
      hint: 'Use --engine wasm, which runs wherever Node.js does.',
    },
  ]);
});

describe('what is missing', () => {
  const plan = (needs: Partial<Needs>, machine: Partial<Machine>) =>
    planSetup({ libtorch: false, tools: [], ...needs }, { ...nothing, ...machine }, '/cache/python.1');
  const commands = (...args: Parameters<typeof plan>) =>
    plan(...args)?.commands.map((each) => each.join(' '));
  const APT = 'apt-get install -y --no-install-recommends';

  test('comes from apt as root on Debian, Gloo where apt has it', async () => {
    const machine = { isRoot: true, hasApt: true, aptLibtorch: '1.13.1' };
    const { attempts } = plan({ ...everything, gloo: true }, machine)!;
    expect(attempts!.map((each) => each.join(' '))).toEqual([`${APT} libgloo-dev`]);
    expect(plan({ ...everything, gloo: true }, { python: 'python3' })?.attempts).toBe(undefined);
    const said: string[] = [];
    const lacking = { commands: [['true']], attempts: [['false']], isModest: true };
    await setUp(lacking, process.env, (line) => void said.push(line));
    expect(said).toEqual(['$ true', '$ false', '  not to be had here']);
  });

  test('comes from apt as root on Debian, all of it, and that needs no question', () => {
    const setup = plan(everything, { isRoot: true, hasApt: true, aptLibtorch: '1.13.1' });
    expect(setup).toMatchObject({ isModest: true });
    expect(setup?.commands.map((each) => each.join(' '))).toEqual([
      'apt-get update',
      `${APT} libtorch-dev g++ cmake make`,
    ]);
  });

  test('comes from pip where apt has only a libtorch that is too old', () => {
    const machine = { isRoot: true, hasApt: true, aptLibtorch: '1.8.1', python: '/usr/bin/python3' };
    expect(commands({ libtorch: true, tools: ['cmake'] }, machine)).toEqual([
      'apt-get update',
      `${APT} cmake python3-venv`,
      '/usr/bin/python3 -m venv /cache/python.1',
      '/cache/python.1/bin/python -m pip install torch',
    ]);
  });

  test('comes from pip for a user who is not root, cmake too, and that is asked for', () => {
    const setup = plan({ libtorch: true, tools: ['cmake'] }, { hasApt: true, python: 'python3' });
    expect(setup).toMatchObject({ isModest: false, environment: '/cache/python.1' });
    expect(setup?.commands.at(-1)).toEqual([
      '/cache/python.1/bin/python',
      '-m',
      'pip',
      'install',
      'torch',
      'cmake',
    ]);
  });

  test('can’t be brought by a user without a compiler, or without a Python', () => {
    expect(plan({ tools: ['a C++ compiler'] }, { hasApt: true, python: 'python3' })).toBe(undefined);
    expect(plan({ libtorch: true }, {})).toBe(undefined);
  });

  test('no libtorch: what was looked at, and what would bring one', () => {
    expect(reportMissing(everything, undefined, ['python3: it is 1.8.1'])).toEqual({
      code: 'TORCH_NOT_FOUND',
      message:
        'Expected a libtorch of 1.13 or newer with headers but found none (python3: it is 1.8.1), nor a C++ compiler and cmake and make.',
      hint: 'Install it: `sudo apt-get install libtorch-dev g++ cmake make` on Debian and Ubuntu, on others their packages of that; a libtorch is also in `pip install torch`, or an unpacked archive with --libtorch.',
    });
    const needs = { libtorch: true, tools: [] };
    const setup = planSetup(needs, { ...nothing, python: 'python3' }, '/cache/python.1');
    expect(reportMissing(needs, setup, [])).toEqual({
      code: 'TORCH_NOT_FOUND',
      message: 'Expected a libtorch of 1.13 or newer with headers but found none.',
      hint: '`moco engine install torch --yes` runs `python3 -m venv /cache/python.1` and `/cache/python.1/bin/python -m pip install torch`.',
    });
  });

  test('a command that fails is told with its last lines, and leaves nothing behind', async () => {
    const environment = path.join(makeFolder(), 'python.1');
    const script = `mkdir ${environment}; echo Reading; echo E: No network >&2; exit 100`;
    const setup = { commands: [['sh', '-c', script]], environment, isModest: false };
    expect(await catchText(setUp(setup, process.env, () => {}))).toEqual([
      {
        code: 'TORCH_SETUP_FAILED',
        message: `Expected \`sh -c ${script}\` to install what is missing but it ended with exit code 100: Reading | E: No network`,
        hint: 'Run it yourself to see all that it says, or install a libtorch in another way and give its folder with --libtorch.',
      },
    ]);
    expect(readdirSync(path.dirname(environment))).toEqual([]);
  });
});

describe('moco engine install torch', () => {
  const TOOLS = ['sh', 'cmake', 'make', 'g++', 'c++', 'as', 'ld', 'cc', 'gcc', 'uname'];
  const install = (folder: string, tools: readonly string[], ...flags: readonly string[]) => {
    const libtorch = writeFakeLibtorch(path.join(folder, 'libtorch'));
    const PATH = makePath(path.join(folder, 'bin'), tools);
    const env = { PATH, MOCO_CACHE: path.join(folder, 'cache'), CXX: '', CXXFLAGS: '-fmax-errors=1' };
    return runCli(['engine', 'install', 'torch', '--libtorch', libtorch, ...flags], { env });
  };

  test.skipIf(!hasCompiler).each([
    ['a C++ compiler', ['cmake', 'make'], 'g++'],
    ['cmake', ['g++', 'make'], 'cmake'],
    ['make', ['g++', 'cmake'], 'make'],
  ])('without %s ends with exit code 2 and the package that brings it', async (missing, tools, brings) => {
    const { code, stderr } = await install(makeFolder(), tools);
    expect(code).toBe(2);
    expect(stderr).toBe(`TORCH_NO_COMPILER
  Expected ${missing} to build the addon but found none on the PATH.
    hint: Install it: \`sudo apt-get install ${brings}\` on Debian and Ubuntu, on others their packages of that.
`);
  });

  test.skipIf(!hasCompiler)(
    'a build that fails says what the compiler said, and leaves nothing',
    async () => {
      const folder = makeFolder();
      const { code, stderr } = await install(folder, TOOLS);
      expect(code).toBe(2);
      expect(stderr).toMatch(
        /^TORCH_BUILD_FAILED\n {2}Expected the addon to build but cmake ended with exit code \d: .*error: .*\n {4}hint: A newer compiler \(`apt-get install g\+\+`, version 11 or later for a libtorch of 2\.x\) or another libtorch \(--libtorch\) may help\.\n$/,
      );
      expect(readdirSync(path.join(folder, 'cache/torch'))).toEqual([]);
    },
  );

  test('a cache that can’t be written is told with its folder, and what to do', async () => {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'file'), '');
    const env = { MOCO_CACHE: path.join(folder, 'file/cache') };
    const { code, stderr } = await runCli(['engine', 'install', 'torch'], { env });
    expect(code).toBe(2);
    expect(stderr).toBe(`TORCH_CACHE
  Expected to write the addon to ${folder}/file/cache/torch but ENOTDIR: not a directory, mkdir '${folder}/file/cache/torch'.
    hint: Make that folder writable and see that its disk has 200 MB free, or choose another with MOCO_CACHE=DIR.
`);
  });

  test('--modest goes on without the engine, as the quickstart does', async () => {
    const { code, stdout, stderr } = await install(makeFolder(), [], '--modest');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'The engine torch is not installed, so wasm computes, which takes longer. TORCH_NO_COMPILER: Expected a C++ compiler and cmake and make',
    );
  });
});

describe.skipIf(!hasCompiler)('the proof of a build', () => {
  async function prove(addon: string): Promise<unknown> {
    const installed: InstalledAddon = {
      ...{
        addon,
        bytes: 0,
        imageAddon: addon,
        imageBytes: 1,
        sources: '',
        libtorch: '/opt/torch/lib',
        version: '2.4.1',
        cuda: false,
        stamp: '',
      },
    };
    return catchText(proveEngine(installed, process.env));
  }
  const broken = (fact: string) => [
    {
      code: 'TORCH_ADDON_BROKEN',
      message: `Expected the addon to load and to compute with the libtorch in /opt/torch/lib but ${fact}.`,
      hint: 'Take another libtorch with --libtorch, or build again with `moco engine install torch --force`.',
    },
  ];

  test('tells a crash by its signal', async () => {
    const addon = compileAddon(makeFolder(), '__attribute__((constructor)) void f() { __builtin_trap(); }');
    expect(await prove(addon)).toEqual(broken('its process ended with SIGILL'));
  });

  test('tells another C++ ABI', async () => {
    const code = `#include <string>
      namespace c10 { struct SourceLocation { int line; }; struct Error { Error(SourceLocation, std::string); }; }
      __attribute__((constructor)) void f() { c10::Error({1}, "x"); }`;
    const addon = compileAddon(makeFolder(), code, ['-D_GLIBCXX_USE_CXX11_ABI=0', '-Wl,-z,now']);
    expect(await prove(addon)).toEqual(
      broken(
        'its addon does not load: it does not fit this libtorch, which was built for another C++ ABI or is another version (no _ZN3c105ErrorC1ENS_14SourceLocationESs); `moco engine install torch` builds it again',
      ),
    );
  });

  test.each([
    [
      'libcudart.so.13',
      'libcudart.so.13 of CUDA is missing: this libtorch is for NVIDIA GPUs, and what it came with is not complete (`pip install --force-reinstall torch` brings it, a libtorch for CPUs does not need it)',
    ],
    [
      'libcuda.so.1',
      "libcuda.so.1 is missing, which NVIDIA's driver brings: this libtorch is for a machine with a GPU (a libtorch for CPUs does not need it)",
    ],
  ])('tells that %s is missing, and who brings it', async (name, fact) => {
    const folder = makeFolder();
    const cuda = path.join(folder, name);
    compileAddon(folder, 'extern "C" int cudaProbe() { return 0; }', [`-Wl,-soname,${name}`, '-o', cuda]);
    const addon = compileAddon(folder, 'extern "C" int cudaProbe(); int f() { return cudaProbe(); }', [cuda]);
    rmSync(cuda);
    expect(await prove(addon)).toEqual(
      broken(`its addon does not load: ${fact}; \`moco engine install torch\` builds it again`),
    );
  });

  test('tells a file that is no addon', async () => {
    const folder = makeFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'addon.node'), '\x7fELF');
    expect(JSON.stringify(await prove(path.join(folder, 'addon.node')))).toContain('file too short');
  });
});
