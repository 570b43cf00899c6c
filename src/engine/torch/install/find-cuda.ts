// Headers of CUDA for the addon: beside a libtorch from pip, or in NVIDIA's toolkit. pip's torch brings the
// libraries and most headers, but not those of nvidia-cuda-crt.

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Libtorch } from './read-libtorch.ts';

/** What the addon's sources include of CUDA, directly or through ATen. */
const NEEDED = [
  'cuda.h',
  'cuda_runtime_api.h',
  'crt/host_defines.h',
  'cublas_v2.h',
  'cublasLt.h',
  'cusparse.h',
  'cusolverDn.h',
];

/** Folders to include; what is missing, as the end of a sentence; neither for a libtorch that wants none. */
export type CudaHeaders =
  | { readonly include: readonly string[] }
  | { readonly missing: string }
  | Record<string, never>;

/** Looks for headers that go with a libtorch: beside it, then in $CUDA_HOME and /usr/local/cuda. */
export function findCudaHeaders(
  { lib, cuda }: Pick<Libtorch, 'lib' | 'cuda'>,
  env: NodeJS.ProcessEnv,
): CudaHeaders {
  if (!cuda) return {};
  const candidates = [listPipFolders(lib), ...listToolkits(env).map((folder) => [folder])];
  const misses = candidates.map((folders) => ({ folders, missing: listMissing(folders) }));
  const whole = misses.find(({ missing }) => missing.length === 0);
  if (whole) return { include: whole.folders };
  const [best] = misses.toSorted((a, b) => a.missing.length - b.missing.length);
  return { missing: describeMissing(best!.missing) };
}

function listMissing(folders: readonly string[]): string[] {
  return NEEDED.filter((header) => !folders.some((folder) => existsSync(path.join(folder, header))));
}

/** `site-packages/nvidia/cu13/include`, or for CUDA 12 one folder for each library. */
function listPipFolders(lib: string): string[] {
  const root = path.resolve(lib, '../../nvidia');
  if (!existsSync(root)) return [];
  const folders = readdirSync(root).map((name) => path.join(root, name, 'include'));
  return folders.filter((folder) => existsSync(folder)).toSorted();
}

function listToolkits({ CUDA_HOME, CUDA_PATH }: NodeJS.ProcessEnv): string[] {
  const roots = [CUDA_HOME, CUDA_PATH, '/usr/local/cuda'].filter((root) => root !== undefined);
  return roots.map((root) => path.join(root, 'include')).filter((folder) => existsSync(folder));
}

function describeMissing(missing: readonly string[]): string {
  const onlyCrt = missing.every((header) => header.startsWith('crt/'));
  const mend = onlyCrt ? '`pip install nvidia-cuda-crt` of its CUDA version' : "NVIDIA's CUDA toolkit";
  return `it lacks headers of CUDA (${missing.join(', ')}); ${mend} brings them`;
}
