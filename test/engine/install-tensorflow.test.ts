// The install of the engine tensorflow where something is missing or wrong: each a problem with what mends it.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { locateScript } from '../../src/core/own-script.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { findProgram } from '../../src/engine/install/run-tool.ts';
import { explainTensorflowFailure } from '../../src/engine/tensorflow/explain-failure.ts';
import { explainNoGpu } from '../../src/engine/tensorflow/explain-no-gpu.ts';
import { readTensorflowManifest } from '../../src/engine/tensorflow/find-package.ts';
import { buildBinding } from '../../src/engine/tensorflow/install/build-package.ts';
import { installTensorflow, refuseSystem } from '../../src/engine/tensorflow/install/install-tensorflow.ts';
import { proveTensorflow } from '../../src/engine/tensorflow/install/prove-tensorflow.ts';
import { makeFolder } from '../helpers/make-record.ts';

beforeEach(() => {
  vi.stubEnv('MOCO_CACHE', makeFolder());
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** The problems of an install with these tools on the PATH and nothing else. */
async function install(
  tools: readonly string[],
  options: { readonly libtensorflow?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  const bin = makeFolder();
  for (const tool of tools) symlinkSync(findProgram(tool, process.env)!, path.join(bin, tool));
  const { env, ...rest } = options;
  return problemsOf(() =>
    installTensorflow({ env: { PATH: bin, ...env }, gpu: false, ...rest, say: () => {} }),
  );
}

async function problemsOf(run: () => unknown) {
  try {
    await run();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}

/** A folder with the layout of a libtensorflow, whose libraries are none. */
function makeHollowLibrary(): string {
  const folder = makeFolder();
  mkdirSync(path.join(folder, 'include/tensorflow/c/eager'), { recursive: true });
  mkdirSync(path.join(folder, 'lib'));
  writeFileSync(path.join(folder, 'include/tensorflow/c/eager/c_api.h'), '');
  for (const name of ['libtensorflow.so.2', 'libtensorflow_framework.so.2'])
    writeFileSync(path.join(folder, 'lib', name), '');
  return folder;
}

test('another system is refused with the way that is left', async () => {
  expect(await problemsOf(() => refuseSystem('darwin', 'arm64'))).toEqual([
    {
      code: 'TENSORFLOW_SYSTEM',
      message: 'Expected Linux on x64 to set up the engine tensorflow but this is darwin on arm64.',
      hint: 'npm install @tensorflow/tfjs-node@4.22.0 beside mocolab sets it up where its download is reached; --engine wasm runs wherever Node.js does.',
    },
  ]);
});

test('a tool that is missing is named with the package that brings it', async () => {
  expect(await install([])).toEqual([
    {
      code: 'TENSORFLOW_TOOL',
      message: 'Expected python3 on the PATH to set up the engine tensorflow but there is none.',
      hint: 'On Debian or Ubuntu `apt-get install python3-pip` brings it; then `moco engine install tensorflow`.',
    },
  ]);
});

test('a folder that is no libtensorflow says what it lacks, and nothing counts as installed', async () => {
  const folder = makeFolder();
  expect(await install([], { libtensorflow: folder })).toEqual([
    {
      code: 'TENSORFLOW_LIBRARY',
      message: `Expected ${folder} to be a libtensorflow 2 (its archive, its folder with include/ and lib/, a wheel of tensorflow, or its folder) but it has no include/tensorflow/c/eager/c_api.h.`,
      hint: '`moco engine install tensorflow --from-wheel` takes the one of PyPI.',
    },
  ]);
  expect(readTensorflowManifest()).toBeUndefined();
});

test.each([
  ['a path where nothing is', (folder: string) => path.join(folder, 'none'), 'there is nothing'],
  [
    'a file that is no archive',
    (folder: string) => writeText(folder, 'lib.tar.gz'),
    'does not look like a tar archive',
  ],
  ['a file that is no wheel', (folder: string) => writeText(folder, 'x.whl'), 'File is not a zip file'],
])('%s is no libtensorflow', async (_, make, fact) => {
  const [problem] = await install([], { libtensorflow: make(makeFolder()), env: process.env });
  expect(problem!.code).toBe('TENSORFLOW_LIBRARY');
  expect(problem!.message).toMatch(fact);
});

function writeText(folder: string, name: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, 'neither');
  return file;
}

/** The same in the archive's layout, as TensorFlow publishes it. */
function makeHollowArchive(): string {
  const archive = path.join(makeFolder(), 'libtensorflow-cpu-linux-x86_64-2.0.0.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', makeHollowLibrary(), './lib', './include']);
  return archive;
}

test.each([
  ['a folder', makeHollowLibrary],
  ['an archive', makeHollowArchive],
])('a registry that is not reached is told with what it said, the library out of %s', async (_, make) => {
  const env = { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' };
  const cache = { npm_config_cache: makeFolder(), HOME: makeFolder() };
  const [problem] = await install([], {
    libtensorflow: make(),
    env: { ...process.env, ...env, ...cache },
  });
  expect({ ...problem, message: problem!.message.replace(/npm (error|ERR!) .*$/, 'npm said') }).toEqual({
    code: 'TENSORFLOW_DOWNLOAD',
    message: 'Expected to download @tensorflow/tfjs-node@4.22.0 but npm said',
    hint: 'See that the registries of npm and Python are reached, then `moco engine install tensorflow`; --libtensorflow PATH takes a libtensorflow that is here already.',
  });
});

test.skipIf(!findProgram('g++', process.env))(
  'a binding that does not build is told with the first error',
  async () => {
    const folder = makeFolder();
    const library = makeHollowLibrary();
    mkdirSync(path.join(folder, 'binding'));
    for (const name of ['tfjs_backend.cc', 'tfjs_binding.cc'])
      writeFileSync(path.join(folder, 'binding', name), '#error too old\n');
    const libraries = ['libtensorflow.so.2', 'libtensorflow_framework.so.2'].map((name) =>
      path.join(library, 'lib', name),
    ) as [string, string];
    const given = {
      include: path.join(library, 'include'),
      libraries,
      origin: library,
      cudaLibraries: [],
      isOurs: false,
    };
    const problems = await problemsOf(() => buildBinding(folder, given, { env: process.env, say: () => {} }));
    expect(problems).toEqual([
      {
        code: 'TENSORFLOW_BUILD_FAILED',
        message: `Expected the binding of tfjs-node to build against this libtensorflow but ${folder}/binding/tfjs_backend.cc:1:2: error: #error too old.`,
        hint: 'The libtensorflow of the wheel is one that it is known to build against: `moco engine install tensorflow --from-wheel`.',
      },
    ]);
  },
);

test('a package that does not load is not proven', async () => {
  const folder = makeFolder();
  const installed = {
    name: '@tensorflow/tfjs-node',
    folder,
    libtensorflow: '',
    origin: 'x',
    cudaLibraries: [],
    key: 'x',
  };
  expect(await problemsOf(() => proveTensorflow(installed, process.env))).toEqual([
    {
      code: 'TENSORFLOW_UNPROVEN',
      message: `Expected the engine tensorflow to start and every operation to be within its tolerance of float64 loops but its package @tensorflow/tfjs-node in ${folder} has lost its library; \`moco engine install tensorflow\` sets it up again.`,
      hint: 'Take another libtensorflow, such as the wheel’s: `moco engine install tensorflow --from-wheel --force`.',
    },
  ]);
});

describe('what the loader says is told in words', () => {
  test.each([
    [
      'libtensorflow_framework.so.2: cannot open shared object file: No such file or directory',
      'libtensorflow_framework.so.2 of TensorFlow is gone from where it was installed',
    ],
    [
      'libcudart.so.11.0: cannot open shared object file: No such file or directory',
      'libcudart.so.11.0 of CUDA is missing: this libtensorflow is for NVIDIA GPUs and another CUDA than the one here (one for CPUs does not need it)',
    ],
    [
      '/a/tfjs_binding.node: undefined symbol: TFE_NewContextOptions',
      'it does not fit this libtensorflow, which is another version or was built for another C++ ABI (no TFE_NewContextOptions)',
    ],
    [
      '/a/tfjs_binding.node: file too short',
      'one of its files is damaged (/a/tfjs_binding.node: file too short)',
    ],
  ])('%s', (said, told) => {
    expect(explainTensorflowFailure(said)).toBe(told);
  });
});

describe('why there is no GPU', () => {
  const forGpus = { name: '@tensorflow/tfjs-node-gpu', folder: '/a' };

  test('a build for CPUs says so, and how one for GPUs comes', () => {
    expect(explainNoGpu({ name: '@tensorflow/tfjs-node', folder: '/a' })).toEqual({
      why: 'its libtensorflow is a build for CPUs',
      mend: '`moco engine install tensorflow --gpu` sets up a build for GPUs; the engine torch knows newer ones.',
    });
  });

  const hasDriver = existsSync('/proc/driver/nvidia');
  test.skipIf(hasDriver)('a build for GPUs names the driver that is missing', () => {
    expect(explainNoGpu(forGpus)).toEqual({
      why: 'there is no driver of NVIDIA’s (libcuda.so.1), so no GPU; its libtensorflow is a build for GPUs',
      mend: 'Install the driver where there is a GPU; else `moco engine install tensorflow` sets up a smaller build for CPUs.',
    });
  });

  test.skipIf(hasDriver || !findProgram('gcc', process.env))(
    'a build for GPUs and another CUDA names the libraries that it wants',
    () => {
      const folder = makeFolder();
      const driver = path.join(folder, 'libcuda.so.1');
      execFileSync('gcc', ['-shared', '-x', 'c', '/dev/null', '-o', driver]);
      const module = pathToFileURL(path.resolve('src/engine/tensorflow/explain-no-gpu.ts')).href;
      const code = `import { explainNoGpu } from ${JSON.stringify(module)};
        process.stdout.write(JSON.stringify(explainNoGpu(${JSON.stringify(forGpus)})));`;
      const { execArgv } = locateScript(pathToFileURL(path.resolve('src/here.ts')).href, './main');
      const told = execFileSync(process.execPath, [...execArgv, '--input-type=module', '--eval', code], {
        encoding: 'utf8',
        env: { ...process.env, LD_LIBRARY_PATH: folder },
      });
      expect(JSON.parse(told)).toEqual({
        why: 'its libtensorflow is for another CUDA than the one here: it wants libcudart.so.11.0, libcublas.so.11, libcudnn.so.8',
        mend: 'Put these on LD_LIBRARY_PATH, or `moco engine install tensorflow --gpu --libtensorflow PATH` takes a libtensorflow for the CUDA here; the engine torch knows newer ones.',
      });
    },
  );
});
