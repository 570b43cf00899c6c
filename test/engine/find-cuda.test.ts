// Where headers of CUDA are found, and what is said where some are missing.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCudaHeaders } from '../../src/engine/torch/install/find-cuda.ts';

const ALL = [
  'cuda.h',
  'cuda_runtime_api.h',
  'crt/host_defines.h',
  'cublas_v2.h',
  'cublasLt.h',
  'cusparse.h',
  'cusolverDn.h',
];
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'cuda-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function lay(folder: string, headers: readonly string[]): string {
  const include = path.join(root, folder);
  for (const header of headers) {
    mkdirSync(path.dirname(path.join(include, header)), { recursive: true });
    writeFileSync(path.join(include, header), '');
  }
  return include;
}

const find = (env: NodeJS.ProcessEnv = {}) =>
  findCudaHeaders({ lib: path.join(root, 'site-packages/torch/lib'), cuda: true }, env);

test('a libtorch for CPUs wants none', () => {
  expect(findCudaHeaders({ lib: root, cuda: false }, {})).toEqual({});
});

test('headers from pip count together, in whatever folders they are', () => {
  const runtime = lay('site-packages/nvidia/cuda_runtime/include', ALL.slice(0, 3));
  const others = lay('site-packages/nvidia/math/include', ALL.slice(3));
  expect(find()).toEqual({ include: [runtime, others] });
});

test('the toolkit stands in where pip has not all', () => {
  lay(
    'site-packages/nvidia/cu13/include',
    ALL.filter((name) => !name.startsWith('crt/')),
  );
  const toolkit = lay('toolkit/include', ALL);
  expect(find({ CUDA_HOME: path.join(root, 'toolkit') })).toEqual({ include: [toolkit] });
});

test('what pip’s torch leaves out is named with the package that brings it', () => {
  lay(
    'site-packages/nvidia/cu13/include',
    ALL.filter((name) => !name.startsWith('crt/')),
  );
  expect(find()).toEqual({
    missing:
      'it lacks headers of CUDA (crt/host_defines.h); `pip install nvidia-cuda-crt` of its CUDA version brings them',
  });
});

test('where there is nothing, the toolkit is named', () => {
  expect(find()).toMatchObject({ missing: expect.stringContaining("NVIDIA's CUDA toolkit brings them") });
});
