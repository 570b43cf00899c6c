// Where tfjs-node is: what `moco engine install tensorflow` has put into the cache, else the packages that the
// user has installed beside mocolab, the one for GPUs first. Loads nothing, so that the command line may ask.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findCacheFolder } from '../../core/cache-folder.ts';

/** The version of tfjs-node that the engine is written for; its binding has no stable interface. */
export const TFJS_NODE = '4.22.0';

const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
const CPU_PACKAGE = '@tensorflow/tfjs-node';

/** A package that may or may not load. */
export interface FoundPackage {
  readonly name: string;
  readonly folder: string;
  /** What the install wrote; absent for a package that npm installed. */
  readonly installed?: InstalledPackage;
}

/** The manifest that the install leaves in the cache. */
export interface InstalledPackage {
  readonly name: string;
  readonly folder: string;
  /** TF_Version of the libtensorflow. */
  readonly libtensorflow: string;
  /** Where it came from. */
  readonly origin: string;
  /** Libraries of CUDA that it opens by name, such as libcudart.so.12; none: for CPUs alone. */
  readonly cudaLibraries: readonly string[];
  /** tfjs-node's version and mocolab's own format of all this. */
  readonly key: string;
}

export function findTensorflowFolder(): string {
  return path.join(findCacheFolder(), 'tensorflow');
}

export function locateTensorflowManifest(): string {
  return path.join(findTensorflowFolder(), 'installed.json');
}

export function nameTensorflowPackage(gpu: boolean): string {
  return gpu ? GPU_PACKAGE : CPU_PACKAGE;
}

/** The packages that there are, best first. */
export function findTensorflowPackages(): FoundPackage[] {
  const installed = readTensorflowManifest();
  const own = installed ? [{ name: installed.name, folder: installed.folder, installed }] : [];
  return [...own, ...[GPU_PACKAGE, CPU_PACKAGE].flatMap(findPeer)];
}

/** Whether it was built for NVIDIA GPUs. */
export function isForGpus({ name, installed }: FoundPackage): boolean {
  return installed ? installed.cudaLibraries.length > 0 : name === GPU_PACKAGE;
}

/** What the install wrote; undefined where that is missing or not of this version. */
export function readTensorflowManifest(): InstalledPackage | undefined {
  const file = locateTensorflowManifest();
  if (!existsSync(file)) return undefined;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<InstalledPackage> | null;
    const texts = [value?.name, value?.folder, value?.libtensorflow, value?.key];
    return texts.every((text) => typeof text === 'string') ? (value as InstalledPackage) : undefined;
  } catch {
    return undefined;
  }
}

function findPeer(name: string): FoundPackage[] {
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return [{ name, folder: path.dirname(file) }];
  } catch {
    return [];
  }
}
