// Why TensorFlow computes on the CPU, which it does without a word: a build for CPUs, libraries of CUDA that are
// not here or of another version, or no GPU.

import type { FoundPackage } from './find-package.ts';
import { nameTensorflowPackage } from './find-package.ts';

/** What the build of 4.22.0 opens by name: libtensorflow 2.9.1, for CUDA 11.2 and cuDNN 8.1. */
export const OFFICIAL_CUDA = ['libcudart.so.11.0', 'libcublas.so.11', 'libcudnn.so.8'];

/** A sentence's end. */
export function explainNoGpu(found: FoundPackage): string {
  const wanted = listCudaLibraries(found);
  if (wanted.length === 0) return 'its libtensorflow is a build for CPUs';
  const missing = ['libcuda.so.1', ...wanted].filter((name) => !canOpen(name));
  if (missing[0] === 'libcuda.so.1')
    return 'there is no driver of NVIDIA’s (libcuda.so.1), so no GPU; its libtensorflow is a build for GPUs';
  if (missing.length > 0)
    return `its libtensorflow is for another CUDA than the one here: it wants ${missing.join(', ')}`;
  return 'its libtensorflow finds no GPU that it can use';
}

/** Its libraries of CUDA, and which of them are here. */
export function describeCuda(found: FoundPackage): string {
  const wanted = listCudaLibraries(found);
  if (wanted.length === 0) return 'none: a build for CPUs';
  return wanted.map((name) => `${name} ${canOpen(name) ? 'found' : 'MISSING'}`).join(' and ');
}

/** Libraries of CUDA that it opens by name; none for a build for CPUs. */
export function listCudaLibraries({ name, installed }: FoundPackage): readonly string[] {
  if (installed) return installed.cudaLibraries;
  return name === nameTensorflowPackage(true) ? OFFICIAL_CUDA : [];
}

/** Whether the system's loader finds a library, by its name alone. */
function canOpen(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (error) {
    // A library that is no addon of Node's has been loaded when that is said.
    return !/cannot open shared object file/.test(String(error));
  }
}
