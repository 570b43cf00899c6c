// Which libtorch the install finds, and which it takes: real folders, real Pythons.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseLibtorch, explainChoice } from '../../src/engine/torch/install/choose-libtorch.ts';
import { type Candidate, findLibtorch } from '../../src/engine/torch/install/find-libtorch.ts';
import { compareVersions, readLibtorch } from '../../src/engine/torch/install/read-libtorch.ts';
import { catchProblems } from '../helpers/catch-problems.ts';
import { type FakeLibtorch, writeFakeLibtorch } from '../helpers/fake-libtorch.ts';
import { makeFolder } from '../helpers/make-record.ts';

const hasPython = spawnSync('python3', ['-m', 'venv', '--help']).status === 0;

function read(options: FakeLibtorch) {
  const folder = writeFakeLibtorch(makeFolder(), options);
  const found = readLibtorch({ include: path.join(folder, 'include'), lib: path.join(folder, 'lib') });
  return typeof found === 'string' ? found.replaceAll(folder, 'DIR') : found;
}

describe('an installation', () => {
  test.each<[FakeLibtorch, string]>([
    [{ without: 'library' }, 'DIR/lib has no libtorch_cpu.so'],
    [{ without: 'headers' }, 'DIR/include has no headers (ATen/ATen.h)'],
    [{ without: 'version' }, 'DIR/include does not tell its version (torch/version.h)'],
    [{ version: '1.8.1' }, 'it is 1.8.1, and the addon needs 1.13 or newer'],
    [{ machine: 8 }, `it is for processor 8 of ELF, and this Node.js is for ${process.arch}`],
    [
      { machine: process.arch === 'x64' ? 183 : 62 },
      `it is for ${process.arch === 'x64' ? 'arm64' : 'x64'}, and this Node.js is for ${process.arch}`,
    ],
  ])('%j is refused: %s', (options, reason) => {
    expect(read(options)).toBe(reason);
  });

  test('tells its version, its ABI and the C++ that it wants', () => {
    expect(read({ version: '1.13.0', abi: 0 })).toMatchObject({
      version: '1.13.0',
      cxx11Abi: 0,
      cxxStandard: 17,
    });
    expect(read({ version: '2.15.0', standard: 20 })).toMatchObject({
      version: '2.15.0',
      cxx11Abi: 1,
      cxxStandard: 20,
      cuda: false,
    });
  });
});

test('versions are compared by their numbers', () => {
  const versions = ['2.15.0+cu132', '1.13.0a0', '2.9.1', '2.15.1'];
  expect(versions.toSorted(compareVersions)).toEqual(['1.13.0a0', '2.9.1', '2.15.0+cu132', '2.15.1']);
});

function candidate(origin: string, rank: Candidate['rank'], version: string | undefined): Candidate {
  const found = version && {
    version,
    lib: `/${origin}/lib`,
    include: [],
    cxx11Abi: 1 as const,
    cxxStandard: 17 as const,
    cuda: false,
  };
  return { origin, rank, found: found || undefined };
}

describe('the choice', () => {
  test('is the newest of the machine, and each that was passed is told with why', () => {
    const candidates = [
      candidate('python3', 'machine', '1.13.1'),
      candidate('python3.12', 'machine', '2.9.0'),
      candidate('python', 'machine', undefined),
      { origin: 'Debian', rank: 'machine', found: 'the same library as that of python3' } as const,
    ];
    const choice = chooseLibtorch(candidates);
    expect(choice?.origin).toBe('python3.12');
    expect(explainChoice(candidates, choice)).toEqual([
      '  passed  python3     1.13.1 without CUDA, in /python3/lib; 2.9.0 is newer',
      '  taken   python3.12  2.9.0 without CUDA, in /python3.12/lib',
      '  no      Debian      the same library as that of python3',
      '  no torch in python',
    ]);
  });

  test('is the one of this folder or shell, though the machine has a newer one', () => {
    const candidates = [candidate('.venv', 'here', '2.1.0'), candidate('python3', 'machine', '2.9.0')];
    expect(chooseLibtorch(candidates)?.origin).toBe('.venv');
  });

  test('is the one that was asked for, above all', () => {
    const candidates = [candidate('$LIBTORCH', 'explicit', '2.0.0'), candidate('.venv', 'here', '2.1.0')];
    expect(chooseLibtorch(candidates)?.origin).toBe('$LIBTORCH');
  });

  test('a bad one that was asked for is an error, whatever else there is', () => {
    const bad = { origin: '$LIBTORCH', rank: 'explicit', found: '/opt/torch does not exist' } as const;
    expect(catchProblems(() => chooseLibtorch([bad, candidate('.venv', 'here', '2.1.0')]))).toEqual([
      {
        code: 'TORCH_UNUSABLE',
        message:
          'Expected $LIBTORCH to be a libtorch of 1.13 or newer with headers, but /opt/torch does not exist.',
        hint: "Unset LIBTORCH to let `moco engine install torch` look for one, or point it to a folder with include/ and lib/: an unpacked libtorch archive, or what `python3 -c 'import torch; print(torch.__path__[0])'` prints.",
      },
    ]);
  });
});

describe.skipIf(!hasPython)('Pythons', () => {
  /** A virtual environment whose torch would end a Python that imports it. */
  function makeEnvironment(folder: string, options: FakeLibtorch): string {
    execFileSync('python3', ['-m', 'venv', '--without-pip', folder]);
    const lookup = 'import sysconfig; print(sysconfig.get_path("purelib"))';
    const packages = execFileSync(path.join(folder, 'bin/python'), ['-c', lookup]).toString().trim();
    const torch = writeFakeLibtorch(path.join(packages, 'torch'), options);
    writeFileSync(path.join(torch, '__init__.py'), 'raise SystemExit("it was imported")\n');
    writeFileSync(path.join(torch, 'version.py'), `__version__ = '${options.version}+cpu'\n`);
    return folder;
  }

  test('a virtual environment here is found, and its torch is not imported', async () => {
    const cwd = makeFolder();
    makeEnvironment(path.join(cwd, '.venv'), { version: '2.3.0' });
    const found = await findLibtorch({ env: { PATH: '' }, cwd });
    expect(found[0]).toMatchObject({
      origin: '.venv/bin/python',
      rank: 'here',
      found: { version: '2.3.0+cpu' },
    });
  });

  test('each interpreter of the PATH is asked once, and each library counts once', async () => {
    const cwd = makeFolder();
    const bin = path.join(makeEnvironment(path.join(cwd, 'shared'), { version: '2.3.0' }), 'bin');
    const other = path.join(cwd, 'other');
    mkdirSync(other);
    symlinkSync(path.join(bin, 'python'), path.join(other, 'python3'));
    const found = await findLibtorch({ env: { PATH: `${bin}:${bin}`, VIRTUAL_ENV: path.dirname(bin) }, cwd });
    expect(found.filter(({ origin }) => origin.startsWith('/usr') === false).slice(0, 2)).toMatchObject([
      { origin: 'shared/bin/python', rank: 'here', found: { version: '2.3.0+cpu' } },
      { rank: 'machine', found: 'the same library as that of shared/bin/python' },
    ]);
    expect(found.filter(({ origin }) => origin.startsWith(bin))).toHaveLength(1);
  });

  test('an explicit folder is the only place that is looked at', async () => {
    const folder = writeFakeLibtorch(makeFolder(), { version: '1.8.0' });
    expect(await findLibtorch({ env: process.env, cwd: makeFolder() }, folder)).toEqual([
      { origin: '--libtorch', rank: 'explicit', found: 'it is 1.8.0, and the addon needs 1.13 or newer' },
    ]);
  });
});
