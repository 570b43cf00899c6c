// Why TensorFlow computes on the CPU, which it does without a word: a build for CPUs, libraries of CUDA that are
// not here or of another version, or no GPU.

import type { FoundPackage } from './find-package.ts';
import { nameTensorflowPackage } from './find-package.ts';

/** What the build of 4.22.0 opens by name: libtensorflow 2.9.1, for CUDA 11.2 and cuDNN 8.1. */
export const OFFICIAL_CUDA = ['libcudart.so.11.0', 'libcublas.so.11', 'libcudnn.so.8'];

/** What stands between TensorFlow and a GPU, and what mends it. */
export interface NoGpu {
  /** A sentence's end. */
  readonly why: string;
  readonly mend: string;
}

export function explainNoGpu(found: FoundPackage): NoGpu {
  const wanted = listCudaLibraries(found);
  if (wanted.length === 0)
    return {
      why: 'its libtensorflow is a build for CPUs',
      mend: '`moco engine install tensorflow --gpu` sets up a build for GPUs; the engine torch knows newer ones.',
    };
  const missing = ['libcuda.so.1', ...wanted].filter((name) => !canOpen(name));
  if (missing[0] === 'libcuda.so.1')
    return {
      why: 'there is no driver of NVIDIA’s (libcuda.so.1), so no GPU; its libtensorflow is a build for GPUs',
      mend: 'Install the driver where there is a GPU; else `moco engine install tensorflow` sets up a smaller build for CPUs.',
    };
  if (missing.length > 0)
    return {
      why: `its libtensorflow is for another CUDA than the one here: it wants ${missing.join(', ')}`,
      mend: 'Put these on LD_LIBRARY_PATH, or `moco engine install tensorflow --gpu --libtensorflow PATH` takes a libtensorflow for the CUDA here; the engine torch knows newer ones.',
    };
  return {
    why: 'its libtensorflow finds no GPU that it can use',
    mend: 'GPUs from Hopper on need the engine torch: `moco engine install torch`.',
  };
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
